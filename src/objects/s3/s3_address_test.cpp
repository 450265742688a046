// Path style, host style, odd endpoints, and where redirects may lead.
#include "objects/s3/s3_address.h"

#include <gtest/gtest.h>

namespace darkroom::objects {
namespace {

S3Settings settings(std::string bucket, std::string endpoint, std::string region = "us-east-1") {
    auto made = bucket_settings(std::move(bucket), std::move(endpoint), std::move(region));
    made.access_key = "AKIAEXAMPLE";
    made.secret_key = "secret";
    return made;
}

std::string url(const S3Settings& of, std::string_view key = "a b/c+d.png") {
    const auto address = S3Address::of(of, of.region);
    return address ? address->url_of(key, "") : address.error();
}

TEST(S3Address, ABucketOfAwsIsPartOfTheHostWhereItsNameFits) {
    EXPECT_EQ(url(settings("photos", "", "eu-west-3")),
              "https://photos.s3.eu-west-3.amazonaws.com/a%20b/c%2Bd.png");
    EXPECT_EQ(url(settings("photos", "", "cn-north-1"), "k"),
              "https://photos.s3.cn-north-1.amazonaws.com.cn/k");
    EXPECT_EQ(url(settings("my.photos", ""), "k"), "https://s3.us-east-1.amazonaws.com/my.photos/k");
    EXPECT_EQ(url(settings("My_Photos", ""), "k"), "https://s3.us-east-1.amazonaws.com/My_Photos/k");
    auto path_style = settings("photos", "");
    path_style.path_style = true;
    EXPECT_EQ(url(path_style, "k"), "https://s3.us-east-1.amazonaws.com/photos/k");
}

TEST(S3Address, ABucketOfACustomEndpointIsPartOfThePath) {
    EXPECT_EQ(url(settings("photos", "https://s3.wasabisys.com"), "k"), "https://s3.wasabisys.com/photos/k");
    EXPECT_EQ(url(settings("photos", "http://127.0.0.1:9000/"), "k"), "http://127.0.0.1:9000/photos/k");
    EXPECT_EQ(url(settings("photos", "http://[::1]:9000"), "k"), "http://[::1]:9000/photos/k");
    EXPECT_EQ(url(settings("photos", "https://ref.supabase.co/storage/v1/s3"), "k"),
              "https://ref.supabase.co/storage/v1/s3/photos/k");
    EXPECT_EQ(url(settings("photos", "HTTPS://S3.Example.COM:443"), "k"), "https://s3.example.com/photos/k");
    EXPECT_EQ(url(settings("photos", "http://s3.example.com:80"), ""), "http://s3.example.com/photos");
    auto host_style = settings("photos", "http://localhost:9000");
    host_style.path_style = false;
    EXPECT_EQ(url(host_style, ""), "http://photos.localhost:9000/");
}

TEST(S3Address, TheHostThatIsSignedIsTheOneThatIsSent) {
    const auto of = settings("photos", "https://Example.com:8443/x/");
    const auto address = S3Address::of(of, of.region);
    ASSERT_TRUE(address.ok());
    EXPECT_EQ(address->host(), "example.com:8443");
    EXPECT_EQ(address->path_of("a b"), "/x/photos/a b");
    EXPECT_EQ(address->url_of("a b", "x=1"), "https://example.com:8443/x/photos/a%20b?x=1");
}

TEST(S3Address, WhatIsNoEndpointIsToldWithTheNameOfTheSetting) {
    for (const char* endpoint :
         {"s3.example.com", "ftp://s3.example.com", "https://", "https://user:pw@host", "https://host?x=1",
          "https://host/a#b", "https://host:0", "https://host:99999", "https://host:", "https://ho st",
          "https://[::1", "https://host/%41"}) {
        const auto problems = settings("photos", endpoint).problems();
        ASSERT_EQ(problems.size(), 1u) << endpoint;
        EXPECT_TRUE(problems.front().starts_with("S3_ENDPOINT is to be")) << problems.front();
        EXPECT_EQ(problems.front().find("pw"), std::string::npos);
    }
}

TEST(S3Settings, EachWrongValueIsOneLineWithoutTheSecret) {
    S3Settings empty;
    EXPECT_EQ(empty.problems().size(), 3u);  // bucket and both keys; the region has a default
    auto pasted = settings("photos", "");
    pasted.secret_key = "top\nsecret";
    ASSERT_EQ(pasted.problems().size(), 1u);
    EXPECT_EQ(pasted.problems().front(), "AWS_SECRET_ACCESS_KEY holds a blank or a line end");
    auto folder = settings("photos/folder", "");
    EXPECT_EQ(folder.problems().size(), 1u);
    auto elsewhere = settings("photos", "", "Frankfurt am Main");
    EXPECT_TRUE(elsewhere.problems().front().starts_with("AWS_REGION"));
    auto volume = network_volume_settings("vol123", "https://s3api-eu-ro-1.runpod.io/", "EU-RO-1");
    EXPECT_EQ(volume.problems(), (std::vector<std::string>{"RUNPOD_S3_ACCESS_KEY is not set",
                                                           "RUNPOD_S3_SECRET_KEY is not set"}));
    volume.access_key = "user_1";
    volume.secret_key = "rps_1";
    EXPECT_TRUE(volume.problems().empty());
    EXPECT_EQ(url(volume, "k"), "https://s3api-eu-ro-1.runpod.io/vol123/k");
    EXPECT_FALSE(volume.presigns || volume.removes_many);
    auto address_host = settings("photos", "http://127.0.0.1:9000");
    address_host.path_style = false;
    EXPECT_EQ(address_host.problems().size(), 1u);
}

TEST(S3Address, ARedirectIsFollowedToTheSameBucketElsewhere) {
    const auto aws = settings("photos", "");
    const auto here = S3Address::of(aws, "us-east-1").value();
    const auto by_host = here.redirected("photos.s3.eu-west-1.amazonaws.com", "k");
    ASSERT_TRUE(by_host);
    EXPECT_EQ(by_host->url_of("k", ""), "https://photos.s3.eu-west-1.amazonaws.com/k");
    const auto by_region = here.redirected("s3.eu-west-1.amazonaws.com", "k");
    ASSERT_TRUE(by_region);
    EXPECT_EQ(by_region->url_of("k", ""), "https://s3.eu-west-1.amazonaws.com/photos/k");

    const auto local = S3Address::of(settings("photos", "http://127.0.0.1:1/base"), "us-east-1").value();
    const auto moved = local.redirected("http://127.0.0.1:2/photos/a%20b?x=1", "a b");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->url_of("a b", ""), "http://127.0.0.1:2/photos/a%20b");
    const auto to_host_style = local.redirected("http://photos.localhost:3/a%20b", "a b");
    ASSERT_TRUE(to_host_style);
    EXPECT_EQ(to_host_style->url_of("c", ""), "http://photos.localhost:3/c");
    const auto of_bucket = local.redirected("http://127.0.0.1:2/photos", "");
    ASSERT_TRUE(of_bucket);
    EXPECT_EQ(of_bucket->url_of("k", ""), "http://127.0.0.1:2/photos/k");
}

TEST(S3Address, ARedirectNeverDropsTheEncryptionAndNeverLeadsHereAgain) {
    const auto here = S3Address::of(settings("photos", ""), "us-east-1").value();
    for (const char* target :
         {"http://photos.s3.eu-west-1.amazonaws.com/k", "https://photos.s3.us-east-1.amazonaws.com/k",
          "photos.s3.us-east-1.amazonaws.com", "169.254.169.254", "", "file:///etc/passwd", "https://",
          "host with blanks", "user@host"}) {
        EXPECT_FALSE(here.redirected(target, "k")) << target;
    }
}

}  // namespace
}  // namespace darkroom::objects
