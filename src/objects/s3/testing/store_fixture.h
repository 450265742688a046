// A store in front of a scripted server, with keys and the replies that most tests need.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "objects/s3/s3_object_store.h"
#include "objects/s3/testing/scripted_bucket.h"

namespace darkroom::objects {

class StoreFixture : public ::testing::Test {
protected:
    S3ObjectStore& store() {
        if (!store_) reopen();
        return *store_;
    }
    /// With the settings as they are now.
    void reopen() { store_ = std::make_unique<S3ObjectStore>(settings, http, clock, random); }
    const ports::OutgoingRequest& sent(std::size_t at) const { return http.requests().at(at); }

    static Reply ok(const std::string& body) { return {.status = 200, .headers = {}, .body = body}; }
    static Reply put_reply(const std::string& etag) {
        return {.status = 200, .headers = {{"ETag", etag}}, .body = {}};
    }
    static Reply head_reply(std::uint64_t bytes, const std::string& etag) {
        return {.status = 200,
                .headers = {{"Content-Length", std::to_string(bytes)}, {"ETag", etag}},
                .body = {}};
    }
    static UuidBytes number(std::uint8_t last) {
        UuidBytes bytes{};
        bytes[15] = last;
        return bytes;
    }

    S3Settings settings = scripted_settings();
    ScriptedHttp http;
    JumpingClock clock;
    RepeatedChance random;
    const core::ObjectKey picture = core::ObjectKey::uploaded(UploadId::from_random(number(1)), "jpg");
    const core::ObjectKey output = core::ObjectKey::restored(
        JobId::from_random(number(1)), AttemptId::from_random(number(1)), "main", "png");

private:
    std::unique_ptr<S3ObjectStore> store_;
};

}  // namespace darkroom::objects
