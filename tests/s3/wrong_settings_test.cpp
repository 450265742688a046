// What an operator gets wrong is told by its kind and in a sentence that names the cause, at every operation,
// and never with a secret in it.
#include <gtest/gtest.h>

#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

using ports::ObjectError;

class WrongSettingsTest : public S3Test {
protected:
    /// Every operation's error with these settings.
    std::vector<ObjectError> errors_with(const S3Settings& settings) {
        StoreAt store(settings);
        std::vector<ObjectError> errors;
        const auto note = [&](const auto& result, const char* operation) {
            EXPECT_FALSE(result.ok()) << operation;
            if (!result.ok()) errors.push_back(result.error());
        };
        note(put_bytes(*store, picture_, "x"), "put");
        note(store->put_file(picture_, file("f", pattern(1'000))), "put_file");
        note(store->open(picture_), "open");
        note(store->head(picture_), "head");
        note(store->copy(picture_, output_), "copy");
        note(store->remove(picture_), "remove");
        note(store->remove_many(std::vector<ObjectKey>{picture_, output_}), "remove_many");
        note(store->list("uploaded/", "", 10), "list");
        note(store->remove_unfinished(store.clock.now(), true), "remove_unfinished");
        for (const auto& error : errors) {
            EXPECT_EQ(error.detail.find(settings.secret_key), std::string::npos) << error.detail;
            EXPECT_EQ(error.detail.find("Signature="), std::string::npos) << error.detail;
        }
        return errors;
    }
    static void expect(const std::vector<ObjectError>& errors, ObjectErrorKind kind,
                       const std::string& said) {
        EXPECT_EQ(errors.size(), 9u);
        for (const auto& error : errors) {
            EXPECT_EQ(static_cast<int>(error.kind), static_cast<int>(kind)) << error.detail;
            EXPECT_NE(error.detail.find(said), std::string::npos) << error.detail;
        }
    }
};

TEST_F(WrongSettingsTest, AWrongSecretIsDeniedAndNamed) {
    auto settings = direct_settings();
    settings.secret_key = "wJalrXUtnFEMI-not-this-one";
    expect(errors_with(settings), ObjectErrorKind::denied, "AWS_SECRET_ACCESS_KEY");
}

TEST_F(WrongSettingsTest, AnUnknownAccessKeyIsDeniedAndNamed) {
    auto settings = direct_settings();
    settings.access_key = "nobody:here";
    expect(errors_with(settings), ObjectErrorKind::denied, "AWS_ACCESS_KEY_ID");
}

TEST_F(WrongSettingsTest, AMissingBucketIsMisconfiguredAndNamed) {
    auto settings = direct_settings();
    settings.bucket = "no-such-bucket";
    expect(errors_with(settings), ObjectErrorKind::misconfigured, "no-such-bucket");
}

TEST_F(WrongSettingsTest, AStrangersBucketIsDenied) {
    ASSERT_TRUE(put_bytes(*StoreAt(direct_settings()), picture_, "mine").ok());
    auto settings = direct_settings();
    settings.access_key = server_.stranger().access_key;
    settings.secret_key = server_.stranger().secret_key;
    // To a stranger a bucket of another account is either forbidden or not there: both tell the operator.
    for (const auto& error : errors_with(settings)) {
        EXPECT_TRUE(error.kind == ObjectErrorKind::denied || error.kind == ObjectErrorKind::misconfigured)
            << error.detail;
    }
    EXPECT_EQ(read_all(*StoreAt(direct_settings()), picture_).value(), "mine");
}

TEST_F(WrongSettingsTest, AnEndpointThatIsNotThereIsUnavailableAndNamed) {
    proxy_.set_door(FaultProxy::Door::refuse);
    expect(errors_with(proxied_settings()), ObjectErrorKind::unavailable, "127.0.0.1");
}

TEST_F(WrongSettingsTest, AServerThatIsNoS3IsNotMistakenForOne) {
    FaultProxy page;
    page.plan(Fault::answer_with(200, {{"Content-Type", "text/html"}}, "<html><body>Welcome</body></html>"),
              FaultProxy::always);
    StoreAt store(settings_at(page.endpoint()));
    const auto listed = store->list("uploaded/", "", 10);
    ASSERT_FALSE(listed.ok());
    EXPECT_NE(listed.error().detail, "");
    EXPECT_FALSE(put_bytes(*store, picture_, pattern(1'000)).ok());
    EXPECT_FALSE(store->remove_many(std::vector<ObjectKey>{picture_, output_}).ok());
}

TEST_F(WrongSettingsTest, AWrongRegionIsLearnedByALookToo) {
    ASSERT_TRUE(put_bytes(*StoreAt(direct_settings()), picture_, "x").ok());
    auto settings = direct_settings();
    settings.region = "eu-central-1";
    StoreAt store(settings);
    const auto head = store->head(picture_);  // whose answer has no body to name the region
    ASSERT_TRUE(head.ok()) << head.error().detail;
    EXPECT_EQ(head->bytes, 1u);
}

TEST_F(WrongSettingsTest, AWrongRegionIsLearnedFromTheServer) {
    auto settings = proxied_settings();
    settings.region = "eu-central-1";
    StoreAt store(settings);
    const auto put = put_bytes(*store, picture_, "x");
    ASSERT_TRUE(put.ok()) << put.error().detail;
    const auto asked = proxy_.requests().size();
    EXPECT_EQ(read_all(*store, picture_).value(), "x");
    EXPECT_EQ(proxy_.requests().size(), asked + 1);  // once learned, it asks no second time
    const auto url = store->presign_get(picture_, {"image/jpeg", "x.jpg", std::chrono::minutes(1)}).url;
    ports::OutgoingRequest get;
    get.url = url;
    const auto got = store.http.fetch(get);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->status, 200) << got->body;
}

}  // namespace
}  // namespace darkroom::s3
