// What servers write, what hostile ones could, and that nothing is read by half.
#include "objects/s3/s3_xml.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::objects {
namespace {

constexpr const char* listing_xml = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>a/</Prefix>
<KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>
<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
<Contents><Key>a/Tom &amp; J&#233;r&lt;&gt;.jpg</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>
<ETag>"x"</ETag><Size>434234</Size></Contents>
<Contents><Key>a/%41+b</Key><LastModified>2026-01-02T03:04:05Z</LastModified><Size>0</Size></Contents>
</ListBucketResult>)";

TEST(S3Xml, AListingGivesKeysSizesTimesAndTheNextPage) {
    const auto listing = read_listing(listing_xml);
    ASSERT_TRUE(listing);
    ASSERT_EQ(listing->objects.size(), 2u);
    EXPECT_EQ(listing->objects[0].key, "a/Tom & Jér<>.jpg");
    EXPECT_EQ(listing->objects[0].bytes, 434'234u);
    EXPECT_EQ(format_rfc3339(listing->objects[0].modified_at), "2026-01-02T03:04:05.678Z");
    EXPECT_EQ(listing->objects[1].key, "a/%41+b");  // as it stands: the listing says no encoding
    EXPECT_TRUE(listing->is_truncated);
    EXPECT_EQ(listing->next, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
}

TEST(S3Xml, KeysAreDecodedWhereTheListingSaysTheyAreEncoded) {
    const auto listing = read_listing(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents>"
        "<Key>a%2Fb+c%2B%C3%BC%0A%zz%</Key><Size>1</Size></Contents></ListBucketResult>");
    ASSERT_TRUE(listing);
    EXPECT_EQ(listing->objects[0].key, "a/b c+ü\n%zz%");
    EXPECT_EQ(listing->objects[0].modified_at, TimePoint{});
}

TEST(S3Xml, AnEmptyBucketIsAnEmptyListingAndAPrefixedNamespaceIsRead) {
    const auto empty = read_listing("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
    ASSERT_TRUE(empty);
    EXPECT_TRUE(empty->objects.empty() && !empty->is_truncated && empty->next.empty());
    const auto prefixed = read_listing(
        "<s3:ListBucketResult "
        "xmlns:s3=\"x\"><s3:IsTruncated>false</s3:IsTruncated><s3:Contents><s3:Key>k</s3:Key><s3:Size>1</"
        "s3:Size>"
        "</s3:Contents></s3:ListBucketResult>");
    ASSERT_TRUE(prefixed);
    EXPECT_EQ(prefixed->objects.size(), 1u);
}

TEST(S3Xml, WhatIsNoListingIsNoEmptyListing) {
    const auto listing = [](const std::string& inside) {
        return "<ListBucketResult><IsTruncated>false</IsTruncated>" + inside + "</ListBucketResult>";
    };
    for (const std::string& xml :
         {std::string(), std::string(" "), std::string("OK"),
          std::string("<html><body>Sign in</body></html>"), std::string("<ListBucketResult>"),
          std::string("<ListBucketResult></ListBucketResult>"), std::string("{}"),
          std::string("<Error><Code>SlowDown</Code></Error>"), listing("<Contents>"),
          listing("<Contents><Size>1</Size></Contents>"), listing("<Contents><Key>k</Key></Contents>"),
          listing("<Contents><Key>k</Key><Size>-1</Size></Contents>"),
          listing("<Contents><Key>k</Key><Size>99999999999999999999</Size></Contents>")}) {
        EXPECT_FALSE(read_listing(xml)) << xml;
    }
    EXPECT_TRUE(read_listing(listing("<Contents><Key>k</Key><Size>1</Size></Contents>")));
    const std::string whole = listing_xml;
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        EXPECT_FALSE(read_listing(std::string_view(whole).substr(0, size))) << size;
    }
}

TEST(S3Xml, HostileDocumentsNeitherGrowNorCrash) {
    std::string bomb =
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>"
        "<Error><Code>&b;</Code><Message>&#x41;&b;</Message></Error>";
    EXPECT_FALSE(read_error(bomb));
    EXPECT_EQ(read_error("<Error><Code>&b;</Code></Error>")->code, "&b;");  // nothing but XML's own is known

    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
    EXPECT_FALSE(read_error(deep));
    std::string closed = "<Error>" + deep;
    for (int i = 0; i < 1'000'000; ++i) closed += "</a>";
    EXPECT_TRUE(read_error(closed + "</Error>"));
    EXPECT_FALSE(read_listing(std::string(5'000'000, '<')));
    EXPECT_FALSE(read_listing(std::string(1'000, '\0')));
}

TEST(S3Xml, DamagedListingsAreReadOrRefusedButNeverCrash) {
    for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        std::string xml = listing_xml;
        for (int i = 0; i < 4; ++i) xml[random() % xml.size()] = static_cast<char>(random());
        if (const auto listing = read_listing(xml)) {
            ASSERT_LE(listing->objects.size(), 2u);
        }
    }
}

TEST(S3Xml, AnErrorTellsCodeRegionAndEndpoint) {
    const auto error = read_error(
        "  \n<?xml version='1.0'?><Error><Code>PermanentRedirect</Code><Message>Use &quot;eu&quot;</Message>"
        "<Region>eu-west-1</Region><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint></Error>");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, "PermanentRedirect");
    EXPECT_EQ(error->message, "Use \"eu\"");
    EXPECT_EQ(error->region, "eu-west-1");
    EXPECT_EQ(error->endpoint, "b.s3.eu-west-1.amazonaws.com");
    EXPECT_FALSE(read_error("<html>503 Service Temporarily Unavailable</html>"));
}

TEST(S3Xml, MultipartUploadsAreNamedListedAndCompleted) {
    EXPECT_EQ(read_upload_id("<InitiateMultipartUploadResult><UploadId>VXB/&amp;==</UploadId>"
                             "</InitiateMultipartUploadResult>"),
              "VXB/&==");
    EXPECT_FALSE(read_upload_id("<InitiateMultipartUploadResult/>"));
    EXPECT_EQ(read_etag("<CompleteMultipartUploadResult><ETag>&quot;3858f6-9&quot;</ETag>"
                        "</CompleteMultipartUploadResult>"),
              "\"3858f6-9\"");
    EXPECT_FALSE(read_etag("<Error><Code>InternalError</Code></Error>"));
    EXPECT_FALSE(read_etag(""));
    const std::string etags[] = {"\"a\"", "<b>"};
    EXPECT_EQ(write_parts(etags),
              "<?xml version=\"1.0\"?><CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
              "<ETag>\"a\"</ETag></Part><Part><PartNumber>2</PartNumber><ETag>&lt;b&gt;</ETag></Part>"
              "</CompleteMultipartUpload>");

    const auto uploads = read_uploads(
        "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        "<NextKeyMarker>k%20y</NextKeyMarker><NextUploadIdMarker>i+d</NextUploadIdMarker>"
        "<Upload><Key>a+b</Key><UploadId>u+1</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated>"
        "</Upload></ListMultipartUploadsResult>");
    ASSERT_TRUE(uploads);
    ASSERT_EQ(uploads->uploads.size(), 1u);
    EXPECT_EQ(uploads->uploads[0].key, "a b");
    EXPECT_EQ(uploads->uploads[0].id, "u+1");
    EXPECT_EQ(uploads->next_key, "k y");
    EXPECT_EQ(uploads->next_id, "i+d");
    EXPECT_FALSE(read_uploads("<ListMultipartUploadsResult><Upload/></ListMultipartUploadsResult>"));
}

TEST(S3Xml, RemovingManyNamesTheKeysAndReadsWhatFailed) {
    const core::ObjectKey keys[] = {
        core::ObjectKey::parse("probe/00000000-0000-4000-8000-000000000001.txt").value()};
    EXPECT_EQ(write_removals(keys),
              "<?xml version=\"1.0\"?><Delete><Quiet>true</Quiet><Object>"
              "<Key>probe/00000000-0000-4000-8000-000000000001.txt</Key></Object></Delete>");
    const auto faults = read_remove_faults(
        "<DeleteResult><Deleted><Key>x</Key></Deleted><Error><Key>k</Key><Code>AccessDenied</Code>"
        "<Message>no</Message></Error></DeleteResult>");
    ASSERT_TRUE(faults && faults->size() == 1);
    EXPECT_EQ(faults->front().code, "AccessDenied");
    EXPECT_TRUE(read_remove_faults("<DeleteResult/>")->empty());
    EXPECT_FALSE(read_remove_faults(""));
}

}  // namespace
}  // namespace darkroom::objects
