// What a check of the storage says about a store that works, and about one that lies in each of the ways that
// a user would notice later.
#include "upkeep/storage_check.h"

#include <gmock/gmock.h>

#include "tests/support/manual_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/unused_object_store.h"
#include "upkeep/upkeep_memory.h"

namespace darkroom::upkeep {
namespace {

using darkroom::testing::ManualClock;
using darkroom::testing::SeededRandom;
using ports::FetchError;
using ports::ObjectErrorKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Level = Finding::Level;
using Bucket = fakes::BucketOf<darkroom::testing::UnusedObjectStore>;

/// The bucket's door to the world: what it answers to whoever comes with a link, and without one.
class Door : public ports::HttpClient {
public:
    explicit Door(Bucket& bucket) : bucket_(bucket) {}

    int get_status = 200;
    int put_status = 200;
    int bare_status = 403;
    std::string answer_body;  // of other statuses than 200, and instead of an object
    bool forgets_puts = false;
    bool closed = false;
    bool closed_without_link = false;

    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override {
        constexpr std::string_view host = "https://bucket.example/";
        const auto query = request.url.find('?');
        const bool bare = query == std::string::npos;
        if (closed || (bare && closed_without_link))
            return Fail(ports::FetchFailure{FetchError::unreachable, "connection refused"});
        const auto key = request.url.substr(host.size(), query - host.size());
        if (bare) return answer(bare_status, key);
        if (request.method == ports::HttpMethod::get) return answer(get_status, key);
        if (put_status == 200 && !forgets_puts) bucket_.objects[key] = request.body;
        return ports::FetchedAnswer{put_status, {}, answer_body};
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{FetchError::bad_url, "nobody pulls here"});
    }

private:
    ports::FetchedAnswer answer(int status, const std::string& key) const {
        return {status, {}, status == 200 && answer_body.empty() ? bucket_.objects.at(key) : answer_body};
    }

    Bucket& bucket_;
};

class StorageCheck : public ::testing::Test {
protected:
    Bucket bucket;
    Door door{bucket};
    ManualClock clock;
    SeededRandom random{3};

    std::vector<Finding> check() { return check_storage(bucket, door, clock, random); }

    /// The steps, each with its level: "put ok".
    std::vector<std::string> steps() {
        std::vector<std::string> steps;
        for (const auto& finding : check()) {
            const auto* level = finding.level == Level::ok       ? " ok"
                                : finding.level == Level::failed ? " failed"
                                                                 : " warning";
            steps.push_back(finding.about + level);
            details.push_back(finding.detail);
            EXPECT_EQ(finding.detail.find('\n'), std::string::npos) << finding.detail;
        }
        return steps;
    }
    std::vector<std::string> details;
};

TEST_F(StorageCheck, AStoreThatWorksIsTriedFromEndToEndAndLeftEmpty) {
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presigned get ok", "presigned put ok",
                                     "privacy ok", "delete ok"));
    EXPECT_TRUE(bucket.objects.empty());
}

TEST_F(StorageCheck, AStoreThatTakesNothingIsAskedNothingElse) {
    bucket.broken["put"] = ObjectErrorKind::denied;
    EXPECT_THAT(steps(), ElementsAre("put failed"));
    EXPECT_EQ(details[0], "broken by the test") << "the store's own words";
}

TEST_F(StorageCheck, AStoreThatGivesOtherBytesBackIsFoundOut) {
    for (const std::string& wrong : {std::string(), std::string("short"), std::string(1'000'000, 'x')}) {
        bucket.on_read = [&](const auto&) { return wrong; };
        EXPECT_THAT(steps(), ElementsAre("put ok", "get failed", "delete ok"));
        EXPECT_TRUE(bucket.objects.empty());
    }
}

TEST_F(StorageCheck, AStoreThatDoesNotGiveBackIsFoundOut) {
    bucket.broken["open"] = ObjectErrorKind::unavailable;
    EXPECT_THAT(steps(), ElementsAre("put ok", "get failed", "delete ok"));
}

TEST_F(StorageCheck, AListThatLacksTheObjectIsFoundOutAlsoIfItNeverEnds) {
    bucket.on_list = [](const auto&, auto) { return ports::ObjectPage{}; };
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list failed", "delete ok"));
    bucket.on_list = [](const auto&, auto) { return ports::ObjectPage{{}, "again"}; };
    bucket.listings = 0;
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list failed", "delete ok"));
    EXPECT_LE(bucket.listings, 1'000);
}

TEST_F(StorageCheck, TheObjectMayStandOnALaterPage) {
    bucket.on_list = [](const auto& page, auto found) {
        return page.empty() ? ports::ObjectPage{{}, "2"} : found;
    };
    EXPECT_THAT(steps(), ::testing::Contains("list ok"));
}

TEST_F(StorageCheck, AStoreWithoutLinksIsToldOfAndIsNoFault) {
    bucket.presigns = false;
    door.closed = true;
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presign warning", "delete ok"));
}

TEST_F(StorageCheck, ALinkThatCannotBeFollowedNamesTheRefusal) {
    door.get_status = 403;
    door.answer_body = "<Error>\n<Code>SignatureDoesNotMatch</Code></Error>";
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presigned get failed", "delete ok"));
    EXPECT_THAT(details[3], HasSubstr("403 SignatureDoesNotMatch"));
    for (const auto* body : {"<Code></Error>", "</Code><Code>", "<Code>", ""}) {
        door.answer_body = body;
        EXPECT_THAT(steps(), ::testing::Contains("presigned get failed")) << body;
    }
    door.closed = true;
    details.clear();
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presigned get failed", "delete ok"));
    EXPECT_THAT(details[3], HasSubstr("connection refused"));
}

TEST_F(StorageCheck, ALinkThatGivesAnotherObjectIsFoundOut) {
    door.answer_body = "a page of a proxy";
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presigned get failed", "delete ok"));
}

TEST_F(StorageCheck, ALinkThatTakesNoUploadIsFoundOutAlsoIfItSaysThatItDid) {
    door.put_status = 501;
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presigned get ok",
                                     "presigned put failed", "delete ok"));
    door.put_status = 200;
    door.forgets_puts = true;
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presigned get ok",
                                     "presigned put failed", "delete ok"));
}

TEST_F(StorageCheck, ABucketThatAnybodyCanReadIsToldOf) {
    door.bare_status = 200;
    EXPECT_THAT(steps(), ElementsAre("put ok", "get ok", "list ok", "presigned get ok", "presigned put ok",
                                     "privacy warning", "delete ok"));
    EXPECT_THAT(details[5], HasSubstr("make the bucket private"));
    // A link that needs no signature is no better.
    bucket.link_query = "";
    EXPECT_THAT(check().back().about, "delete");
}

TEST_F(StorageCheck, WhatCouldNotBeTriedIsNotCalledPrivate) {
    door.closed_without_link = true;
    EXPECT_THAT(steps(), ::testing::Contains("privacy warning"));
    door.closed_without_link = false;
    for (const int status : {500, 302}) {
        door.bare_status = status;
        EXPECT_THAT(steps(), ::testing::Contains("privacy warning")) << status;
    }
}

TEST_F(StorageCheck, AStoreThatDoesNotRemoveIsFoundOutAlsoIfItSaysThatItDid) {
    bucket.keeps_what_is_removed = true;
    EXPECT_THAT(steps(), ::testing::Contains("delete failed"));
    EXPECT_THAT(details.back(), HasSubstr("still there"));
    bucket.broken["remove"] = ObjectErrorKind::denied;
    EXPECT_EQ(check().back().detail, "broken by the test");
    bucket.broken = {{"head", ObjectErrorKind::unavailable}};
    EXPECT_EQ(check().back().level, Level::failed);
}

}  // namespace
}  // namespace darkroom::upkeep
