// F-E05, F-E08, F-E12: objects that are replaced, clocks that are wrong, and buckets that are elsewhere.
#include <gtest/gtest.h>

#include "tests/s3/foreign_clients.h"
#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class MovingTargetTest : public S3Test {
protected:
    static ports::OpenOptions version(const std::string& pinned) {
        ports::OpenOptions options;
        options.version = pinned;
        return options;
    }
    Fault elsewhere(int status, const std::string& code, const std::string& endpoint = "") const {
        testing::HeaderLines lines = {{"x-amz-bucket-region", server_.region()}};
        if (!endpoint.empty())
            lines.emplace_back("Location", endpoint + "/" + bucket_ + "/" + picture_.str());
        return Fault::answer_with(status, lines, error_body(code, "<Endpoint>" + endpoint + "</Endpoint>"));
    }
};

TEST_F(MovingTargetTest, F_E05_AnObjectThatWasReplacedIsChangedAndNeverRead) {
    StoreAt store(direct_settings());
    ASSERT_TRUE(put_bytes(*store, picture_, pattern(1'000, 1)).ok());
    const auto pinned = store->head(picture_).value().version;
    ASSERT_NE(pinned, "");
    EXPECT_EQ(read_all(**store->open(picture_, version(pinned))).value(), pattern(1'000, 1));

    ASSERT_TRUE(put_bytes(*store, picture_, pattern(1'000, 2)).ok());
    const auto open = store->open(picture_, version(pinned));
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(open.error().kind, ObjectErrorKind::changed) << open.error().detail;
    EXPECT_NE(store->head(picture_).value().version, pinned);
    ASSERT_TRUE(store->remove(picture_).ok());
    EXPECT_EQ(store->open(picture_, version(pinned)).error().kind, ObjectErrorKind::missing);
}

TEST_F(MovingTargetTest, F_E05_ThePinHoldsForWhatAClientUploadedByItself) {
    StoreAt store(direct_settings());
    ForeignClients others(bucket_);
    others.boto3("put", {picture_.str(), others.file("a", pattern(500, 1)).string(), "image/jpeg"});
    const auto pinned = store->head(picture_).value().version;
    others.boto3("put", {picture_.str(), others.file("b", pattern(500, 2)).string(), "image/jpeg"});
    const auto open = store->open(picture_, version(pinned));
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(open.error().kind, ObjectErrorKind::changed);
}

TEST_F(MovingTargetTest, F_E08_AClockThatIsWrongByAnHourIsLearnedFromTheServer) {
    for (const auto off_by :
         {Milliseconds(hours(1)), Milliseconds(-hours(1)), Milliseconds(hours(24 * 400))}) {
        SCOPED_TRACE(off_by.count());
        StoreAt store(proxied_settings());
        store.clock.set_calendar_off_by(off_by);
        const auto before = proxy_.requests().size();
        ASSERT_FALSE(store->head(ObjectKey::thumbnail(numbered<JobId>(3))).ok());
        const auto put = put_bytes(*store, picture_, pattern(1'000));
        ASSERT_TRUE(put.ok()) << put.error().detail;
        EXPECT_TRUE(read_all(*store, picture_).ok());
        EXPECT_TRUE(store->remove(picture_).ok());
        const auto asked = proxy_.requests().size() - before;
        EXPECT_LE(asked, 7u);  // five or six requests, and one of them once more
        EXPECT_LT(std::chrono::abs(store->clock_offset().value_or(Milliseconds(0)) + off_by),
                  Milliseconds(5'000));
    }
}

TEST_F(MovingTargetTest, F_E08_UrlsMadeWithAWrongClockServeOnceItIsKnown) {
    StoreAt store(proxied_settings());
    store.clock.set_calendar_off_by(-hours(2));
    ASSERT_TRUE(put_bytes(*store, picture_, pattern(1'000)).ok());
    const auto presigned = store->presign_get(picture_, {"image/jpeg", "x.jpg", minutes(1)});
    ports::OutgoingRequest get;
    get.url = presigned.url;
    const auto got = store.http.fetch(get);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->status, 200) << got->body;
}

TEST_F(MovingTargetTest, F_E08_AServerWhoseOwnClockMakesNoSenseIsNotAskedForEver) {
    StoreAt store(proxied_settings());
    proxy_.plan(Fault::answer_with(403, {{"Date", "Fri, 02 Jan 2026 03:04:05 GMT"}},
                                   error_body("RequestTimeTooSkewed")),
                FaultProxy::always);
    const auto put = put_bytes(*store, picture_, "x");
    ASSERT_FALSE(put.ok());
    EXPECT_NE(put.error().detail.find("clock"), std::string::npos) << put.error().detail;
    EXPECT_LE(proxy_.requests().size(), 5u);
    proxy_.behave();
    const auto again = put_bytes(*store, picture_, "x");  // and what it said is unlearned
    EXPECT_TRUE(again.ok()) << again.error().detail;
}

TEST_F(MovingTargetTest, F_E12_ABucketInAnotherRegionIsAskedThereOnceSignedAnew) {
    for (const int status : {301, 400}) {
        SCOPED_TRACE(status);
        auto settings = proxied_settings();
        settings.region = "eu-west-1";
        StoreAt store(settings);
        const auto before = proxy_.requests().size();
        proxy_.plan(elsewhere(status, status == 301 ? "PermanentRedirect" : "AuthorizationHeaderMalformed"));
        const auto put = put_bytes(*store, picture_, "x");
        ASSERT_TRUE(put.ok()) << put.error().detail;
        EXPECT_EQ(read_all(*store, picture_).value(), "x");
        const auto seen = proxy_.requests();
        EXPECT_NE(seen[before].header("Authorization").find("/eu-west-1/"), std::string::npos);
        EXPECT_NE(seen[before + 1].header("Authorization").find("/" + server_.region() + "/"),
                  std::string::npos);
    }
}

TEST_F(MovingTargetTest, F_E12_ATemporaryRedirectIsFollowedOnceSignedAnew) {
    FaultProxy other(server_.port());
    StoreAt store(proxied_settings());
    proxy_.plan(elsewhere(307, "TemporaryRedirect", other.endpoint()), 1, on("PUT"));
    const auto put = put_bytes(*store, picture_, pattern(100'000));
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(other.count("PUT"), 1);
    EXPECT_EQ(read_all(*store, picture_).value(), pattern(100'000));
}

TEST_F(MovingTargetTest, F_E12_RedirectsWithoutEndAreAnError) {
    StoreAt store(proxied_settings());
    for (const int status : {301, 307}) {
        proxy_.behave();
        proxy_.plan(
            elsewhere(status, status == 301 ? "PermanentRedirect" : "TemporaryRedirect", proxy_.endpoint()),
            FaultProxy::always);
        const auto before = proxy_.requests().size();
        const auto put = put_bytes(*store, picture_, "x");
        ASSERT_FALSE(put.ok());
        EXPECT_LE(proxy_.requests().size() - before, 5u);
        EXPECT_EQ(put.error().detail.find("Signature"), std::string::npos) << put.error().detail;
    }
}

TEST_F(MovingTargetTest, F_E12_BothStylesOfAddressReachTheSameObject) {
    auto host_style = settings_at("http://localhost:" + std::to_string(proxy_.port()));
    host_style.path_style = false;
    StoreAt by_host(host_style);
    auto path_style = proxied_settings();
    path_style.path_style = true;
    StoreAt by_path(path_style);
    const auto bytes = pattern(200'000, 3);

    const auto put = put_bytes(*by_host, picture_, bytes);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    const auto seen = proxy_.requests();
    EXPECT_TRUE(seen[0].header("Host").starts_with(bucket_ + ".localhost")) << seen[0].head;
    EXPECT_EQ(seen[0].target.find(bucket_), std::string::npos) << seen[0].target;
    EXPECT_TRUE(read_all(*by_path, picture_).value() == bytes);
    const auto copied = by_host->copy(picture_, output_);
    ASSERT_TRUE(copied.ok()) << copied.error().detail;
    EXPECT_EQ(by_host->list("", "", 10).value().objects.size(), 2u);
    EXPECT_TRUE(by_host->remove_many(std::vector<ObjectKey>{picture_, output_}).ok());
    EXPECT_EQ(by_path->list("", "", 10).value().objects.size(), 0u);
}

}  // namespace
}  // namespace darkroom::s3
