// F-E02, F-E03, F-E04: what is cut on its way, in either direction, is whole in the end or not there at all.
#include <gtest/gtest.h>

#include "tests/s3/foreign_clients.h"
#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

constexpr std::size_t part = 5u << 20;

class LostRepliesTest : public S3Test {
protected:
    S3Settings in_parts() const {
        auto settings = proxied_settings();
        settings.part_bytes = settings.single_put_bytes = part;
        return settings;
    }
    static Fault cut_reply_after(std::uint64_t bytes, Fault::End end = Fault::End::close) {
        Fault fault;
        fault.cut_reply = Fault::Cut{bytes, end};
        return fault;
    }
    static Fault cut_request_after(std::uint64_t bytes) {
        Fault fault;
        fault.cut_request = Fault::Cut{bytes, Fault::End::reset};
        return fault;
    }
    void expect_no_upload_left() {
        EXPECT_TRUE(texts_of(ForeignClients(bucket_).boto3("list_uploads", {}), "keys").empty());
    }
    void expect_missing(const ObjectKey& key) {
        const auto head = StoreAt(direct_settings())->head(key);
        ASSERT_FALSE(head.ok());
        EXPECT_EQ(head.error().kind, ObjectErrorKind::missing) << head.error().detail;
    }

    StoreAt store_{proxied_settings()};
};

TEST_F(LostRepliesTest, F_E02_APutWhoseReplyIsLostIsRepeatedAndStoresTheSame) {
    const auto bytes = pattern(200'000);
    proxy_.plan(Fault::cut_before_reply(), 1, on("PUT"));
    const auto put = put_bytes(*store_, picture_, bytes);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(put->sha256, conformance::sha256_hex(bytes));
    EXPECT_EQ(proxy_.count("PUT"), 2);
    EXPECT_TRUE(read_all(*store_, picture_).value() == bytes);
}

TEST_F(LostRepliesTest, F_E02_AFileWhoseReplyIsLostIsRepeatedFromItsBeginning) {
    const auto bytes = pattern(300'000, 2);
    proxy_.plan(Fault::cut_before_reply(Fault::End::reset), 2, on("PUT"));
    const auto put = store_->put_file(output_, file("out.png", bytes));
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(proxy_.count("PUT"), 3);
    EXPECT_TRUE(read_all(*store_, output_).value() == bytes);
}

TEST_F(LostRepliesTest, F_E02_ARequestThatArrivesTwiceStoresTheSame) {
    Fault twice;
    twice.duplicate = true;
    proxy_.plan(twice, FaultProxy::always);
    const auto bytes = pattern(12u << 20, 3);
    StoreAt store(in_parts());
    ASSERT_TRUE(put_bytes(*store, picture_, bytes).ok());
    const auto copied = store->copy(picture_, output_);
    ASSERT_TRUE(copied.ok()) << copied.error().detail;
    EXPECT_TRUE(store->remove(picture_).ok());
    EXPECT_TRUE(read_all(*store, output_).value() == bytes);
    expect_missing(picture_);
}

TEST_F(LostRepliesTest, F_E02_RemovalsAndCopiesWhoseRepliesAreLostAreRepeated) {
    ASSERT_TRUE(put_bytes(*store_, picture_, "x").ok());
    proxy_.plan(Fault::cut_before_reply(), 1, on("PUT", output_.str()));
    proxy_.plan(Fault::cut_before_reply(), 1, on("DELETE"));
    proxy_.plan(Fault::cut_before_reply(), 1, on("POST", "delete"));
    const auto copied = store_->copy(picture_, output_);
    ASSERT_TRUE(copied.ok()) << copied.error().detail;
    ASSERT_TRUE(store_->remove(picture_).ok());
    const auto removed = store_->remove_many(std::vector<ObjectKey>{picture_, output_});
    ASSERT_TRUE(removed.ok()) << removed.error().detail;
    expect_missing(picture_);
    expect_missing(output_);
}

TEST_F(LostRepliesTest, F_E02_ACutUploadIsSentAgain) {
    const auto bytes = pattern(500'000, 4);
    proxy_.plan(cut_request_after(100'000), 2, on("PUT"));
    ASSERT_TRUE(put_bytes(*store_, picture_, bytes).ok());
    EXPECT_TRUE(read_all(*store_, picture_).value() == bytes);
}

TEST_F(LostRepliesTest, F_E02_BytesThatChangedOnTheirWayUpAreNeverStored) {
    Fault corrupt;
    corrupt.flip_request_body_byte = 1'000;
    const auto bytes = pattern(100'000, 5);
    proxy_.plan(corrupt, 1, on("PUT"));
    const auto put = put_bytes(*store_, picture_, bytes);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_TRUE(read_all(*store_, picture_).value() == bytes);

    proxy_.plan(corrupt, FaultProxy::always, on("PUT"));
    EXPECT_FALSE(put_bytes(*store_, output_, bytes).ok());
    expect_missing(output_);
}

TEST_F(LostRepliesTest, F_E03_ACutDownloadGoesOnWhereItStopped) {
    const auto bytes = pattern(1'000'000, 6);
    ASSERT_TRUE(put_bytes(*store_, picture_, bytes).ok());
    proxy_.plan(cut_reply_after(100'000), 1, on("GET"));
    proxy_.plan(cut_reply_after(200'000, Fault::End::reset), 1, on("GET"));
    proxy_.plan(Fault::cut_before_reply(), 1, on("GET"));
    const auto before = proxy_.bytes_down();
    const auto read = read_all(*store_, picture_);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_TRUE(*read == bytes);
    EXPECT_EQ(proxy_.count("GET"), 4);
    // Only what a reset destroyed in our own kernel is fetched twice; the heads are on top.
    EXPECT_LT(proxy_.bytes_down() - before, bytes.size() + 200'000 + 20'000);
}

TEST_F(LostRepliesTest, F_E03_ADownloadThatIsCutAgainAndAgainFailsAloud) {
    ASSERT_TRUE(put_bytes(*store_, picture_, pattern(300'000)).ok());
    proxy_.plan(cut_reply_after(100'000), 1, on("GET"));
    proxy_.plan(Fault::cut_before_reply(), FaultProxy::always, on("GET"));
    const auto read = read_all(*store_, picture_);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().kind, ObjectErrorKind::unavailable) << read.error().detail;
    EXPECT_LE(proxy_.count("GET"), 40);  // each of five ways on is tried five times at most
}

TEST_F(LostRepliesTest, F_E03_AnObjectReplacedWhileItIsFetchedAgainIsNotMixed) {
    ASSERT_TRUE(put_bytes(*store_, picture_, pattern(1'000'000, 1)).ok());
    proxy_.plan(cut_reply_after(100'000), 1, on("GET"));
    auto reader = store_->open(picture_);
    ASSERT_TRUE(reader.ok());
    ASSERT_TRUE(put_bytes(*StoreAt(direct_settings()), picture_, pattern(1'000'000, 2)).ok());
    const auto read = read_all(**reader);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().kind, ObjectErrorKind::changed) << read.error().detail;
}

TEST_F(LostRepliesTest, F_E03_AShortBodyWithA200IsNeverTakenForWhole) {
    const auto bytes = pattern(300'000, 7);
    ASSERT_TRUE(put_bytes(*store_, picture_, bytes).ok());
    const auto version = store_->head(picture_).value().version;
    const auto etag = version.starts_with('"') ? version : '"' + version + '"';
    auto short_body = Fault::answer_with(200, {{"Content-Length", "300000"}, {"ETag", etag}}, "only this");
    short_body.after_answer = Fault::End::close;
    proxy_.plan(short_body, FaultProxy::always, on("GET"));
    EXPECT_FALSE(read_all(*store_, picture_).ok());

    proxy_.behave();
    // The same, told by its length to be all of it: the version asked for has more bytes than that.
    proxy_.plan(Fault::answer_with(206, {{"Content-Range", "bytes 0-8/300000"}, {"ETag", etag}}, "only this"),
                FaultProxy::always, on("GET"));
    EXPECT_FALSE(read_all(*store_, picture_).ok());
}

TEST_F(LostRepliesTest, F_E04_ALostPartIsSentAgain) {
    StoreAt store(in_parts());
    const auto bytes = pattern(3 * part - 1, 8);
    proxy_.plan(cut_request_after(part / 2), 1, on("PUT", "partNumber=1"));
    proxy_.plan(Fault::cut_before_reply(), 1, on("PUT", "partNumber=2"));
    proxy_.plan(Fault::answer_with(503, {}, error_body("SlowDown")), 2, on("PUT", "partNumber=3"));
    const auto put = put_bytes(*store, picture_, bytes);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(proxy_.count("PUT", "partNumber="), 7);
    EXPECT_TRUE(read_all(*store, picture_).value() == bytes);
}

TEST_F(LostRepliesTest, F_E04_AnErrorInsideA200IsAFailure) {
    StoreAt store(in_parts());
    const auto bytes = pattern(2 * part, 9);
    const auto internal = Fault::answer_with(200, {}, error_body("InternalError"));
    proxy_.plan(internal, 1, on("POST", "uploadId="));
    const auto put = put_bytes(*store, picture_, bytes);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(proxy_.count("POST", "uploadId="), 2);
    EXPECT_TRUE(read_all(*store, picture_).value() == bytes);

    proxy_.plan(internal, FaultProxy::always, on("POST", "uploadId="));
    EXPECT_FALSE(put_bytes(*store, output_, bytes).ok());
    expect_missing(output_);
    expect_no_upload_left();
}

TEST_F(LostRepliesTest, F_E04_ACompleteWhoseReplyIsLostIsFoundDone) {
    StoreAt store(in_parts());
    const auto bytes = pattern(2 * part, 10);
    proxy_.plan(Fault::cut_before_reply(), 1, on("POST", "uploadId="));
    proxy_.plan(Fault::answer_with(404, {}, error_body("NoSuchUpload")), FaultProxy::always,
                on("POST", "uploadId="));
    const auto put = put_bytes(*store, picture_, bytes);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_TRUE(read_all(*store, picture_).value() == bytes);
    expect_no_upload_left();
}

TEST_F(LostRepliesTest, F_E04_ATimedOutCompleteOfAVolumeIsDecidedByALook) {
    auto settings = objects::network_volume_settings(bucket_, proxy_.endpoint(), server_.region());
    settings.access_key = server_.owner().access_key;
    settings.secret_key = server_.owner().secret_key;
    settings.part_bytes = settings.single_put_bytes = part;
    StoreAt store(settings);
    const auto bytes = pattern(2 * part, 11);
    proxy_.plan(Fault::answer_with(524, {}, "<html>a timeout occurred</html>"), 1, on("POST", "uploadId="));
    const auto put = put_bytes(*store, picture_, bytes);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_TRUE(read_all(*store, picture_).value() == bytes);
}

TEST_F(LostRepliesTest, F_E04_AnUploadThatIsNotSeenAfterwardsIsAFailureUnlessItAppears) {
    StoreAt store(in_parts());
    const auto bytes = pattern(2 * part, 12);
    const auto unseen = Fault::answer_with(404, {}, "");
    proxy_.plan(unseen, 1, on("HEAD"));
    proxy_.plan(Fault::answer_with(404, {}, error_body("NoSuchKey")), 1, on("GET"));
    const auto late = put_bytes(*store, picture_, bytes);
    ASSERT_TRUE(late.ok()) << late.error().detail;
    EXPECT_FALSE(store.clock.skipped_waits().empty());

    proxy_.plan(unseen, FaultProxy::always, on("HEAD"));
    proxy_.plan(Fault::answer_with(404, {}, error_body("NoSuchKey")), FaultProxy::always, on("GET"));
    const auto never = put_bytes(*store, output_, bytes);
    ASSERT_FALSE(never.ok());
    EXPECT_EQ(never.error().kind, ObjectErrorKind::unavailable) << never.error().detail;
}

TEST_F(LostRepliesTest, F_E04_AnAbortThatFailsIsMadeUpForLater) {
    StoreAt store(in_parts());
    proxy_.plan(Fault::answer_with(403, {}, error_body("AccessDenied")), FaultProxy::always,
                on("PUT", "partNumber=2"));
    proxy_.plan(Fault::answer_with(500, {}, error_body("InternalError")), FaultProxy::always, on("DELETE"));
    const auto put = put_bytes(*store, picture_, pattern(2 * part));
    ASSERT_FALSE(put.ok());
    EXPECT_EQ(put.error().kind, ObjectErrorKind::denied) << put.error().detail;  // not what the abort said
    expect_missing(picture_);
    proxy_.behave();
    const auto later = store.clock.now() + std::chrono::hours(1);
    EXPECT_EQ(store->remove_unfinished(later, true).value(), 1);
    EXPECT_EQ(store->remove_unfinished(later, false).value(), 1);
    expect_no_upload_left();
}

}  // namespace
}  // namespace darkroom::s3
