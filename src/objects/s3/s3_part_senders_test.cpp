// Parts side by side: they end up in their order, a failure ends them all, and no thread is left.
#include "objects/s3/s3_part_senders.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "objects/s3/testing/scripted_bucket.h"

namespace darkroom::objects {
namespace {

class S3PartSendersTest : public ::testing::Test {
protected:
    S3PartSendersTest() {
        http.add({.status = 200,
                  .headers = {},
                  .body = "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                          "</InitiateMultipartUploadResult>"});
    }
    S3Multipart begun() {
        auto upload = S3Multipart::begin(client, "k", "image/png");
        EXPECT_TRUE(upload.ok());
        return std::move(upload).value();
    }
    static std::string part_in(const ports::OutgoingRequest& request) {
        const auto begin = request.url.find("partNumber=");
        if (begin == std::string::npos) return "none";
        return request.url.substr(begin + 11, request.url.find('&') - begin - 11);
    }
    static Reply stored(const ports::OutgoingRequest& request) {
        return {.status = 200, .headers = {{"ETag", "part " + part_in(request)}}, .body = {}};
    }

    S3Settings settings = scripted_settings();
    ScriptedHttp http;
    JumpingClock clock;
    RepeatedChance random;
    S3Client client{settings, http, clock, random};
};

TEST_F(S3PartSendersTest, TheirTagsAreInTheOrderOfThePartsWhicheverIsStoredFirst) {
    std::mutex mutex;
    std::condition_variable second_came;
    bool second = false;
    http.otherwise = [&](const ports::OutgoingRequest& request) {
        std::unique_lock lock(mutex);
        if (part_in(request) == "2") {
            second = true;
            second_came.notify_all();
        }
        // The first is answered only when the second is on its way: they are side by side.
        if (part_in(request) == "1") {
            EXPECT_TRUE(second_came.wait_for(lock, std::chrono::seconds(20), [&] { return second; }));
        }
        return stored(request);
    };
    auto upload = begun();
    S3PartSenders senders(upload, 3);
    std::vector<std::string> expected;
    for (int part = 1; part <= 12; ++part) {
        EXPECT_TRUE(senders.send({"file", 0, 10}, "hash"));
        expected.push_back("part " + std::to_string(part));
    }
    const auto etags = senders.finish();
    ASSERT_TRUE(etags.ok());
    EXPECT_EQ(*etags, expected);
}

TEST_F(S3PartSendersTest, APartThatFailsEndsThemAll) {
    http.otherwise = [&](const ports::OutgoingRequest& request) {
        if (part_in(request) == "3") return Reply{.status = 507, .headers = {}, .body = {}};
        return stored(request);
    };
    auto upload = begun();
    S3PartSenders senders(upload, 2);
    int sent = 0;
    while (sent < 10'000 && senders.send({"file", 0, 10}, "hash")) ++sent;
    EXPECT_LT(sent, 10'000);
    const auto etags = senders.finish();
    ASSERT_FALSE(etags.ok());
    EXPECT_EQ(etags.error().action, S3Action::full);
}

TEST_F(S3PartSendersTest, WhatIsGivenUpLeavesNoThread) {
    http.otherwise = stored;
    auto upload = begun();
    {
        S3PartSenders senders(upload, 2);
        EXPECT_TRUE(senders.send({"file", 0, 10}, "hash"));
    }
    EXPECT_LE(http.requests().size(), 2u);  // the part may or may not have been on its way
}

TEST_F(S3PartSendersTest, WithoutThreadsTheyAreSentOneAfterTheOther) {
    http.otherwise = stored;
    auto upload = begun();
    S3PartSenders senders(upload, 0);
    EXPECT_TRUE(senders.send({"file", 0, 10}, "hash"));
    EXPECT_TRUE(senders.send({"file", 10, 10}, "hash"));
    EXPECT_EQ(senders.finish().value(), (std::vector<std::string>{"part 1", "part 2"}));
}

}  // namespace
}  // namespace darkroom::objects
