#include "runpod/backend/work_places.h"

#include <gmock/gmock.h>

#include "runpod/backend/backend_fixture.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::ObjectKey;
using ports::ObjectErrorKind;
using ports::RefusalRule;
using ::testing::ElementsAre;
using testing::FakeStore;
using ::testing::HasSubstr;
using testing::SampleJob;

class WorkPlacesTest : public ::testing::Test {
protected:
    FakeStore bucket{testing::bucket_can};
    FakeStore folder{testing::folder_can};
    FakeStore volume{testing::volume_can};
    SampleJob sample{bucket};
    InputCopies copies{folder, volume};
    WorkPlaces by_url{bucket, nullptr};
    WorkPlaces by_volume{folder, &copies};

    WorkPlacesTest() { folder.objects = bucket.objects; }

    ports::WorkOrder order() const {
        ports::WorkOrder order;
        order.job = sample.job;
        order.attempt = sample.attempt;
        order.inputs = {sample.image};
        return order;
    }
    Result<WorkPayload, ports::SubmitRefused> prepare(WorkPlaces& places, const ports::WorkOrder& work) {
        WorkPayload payload;
        if (auto ready = places.prepare(work, Milliseconds(90'000), payload); !ready)
            return Fail(ready.error());
        return payload;
    }
    std::string note(const std::vector<WorkFile>& files) const {
        WorkResult result;
        result.files = files;
        result.measures_json = R"({"a":1})";
        JsonWriter json;
        json.begin_object().member("work", "w").raw_member("result", write_work_result(result)).end_object();
        return json.take();
    }
    std::optional<ports::RemoteResult> found(WorkPlaces& places) {
        auto result = places.find_outputs(sample.job, sample.attempt);
        EXPECT_TRUE(result.ok());
        return result ? *std::move(result) : std::nullopt;
    }
};

TEST_F(WorkPlacesTest, ABucketGivesWorkersUrlsForTheirTimeAndNothingElse) {
    const auto payload = prepare(by_url, order());
    ASSERT_TRUE(payload.ok());
    ASSERT_EQ(payload->inputs.size(), 1u);
    const auto& input = payload->inputs[0];
    EXPECT_EQ(input.url, "https://bucket.example/" + sample.image.key.str() + "?name=input.jpg&life=90000")
        << "the owner's name for the picture stays here";
    EXPECT_TRUE(input.path.empty());
    EXPECT_EQ(input.bytes, sample.image.bytes);
    EXPECT_EQ(input.sha256, sample.image.sha256);
    EXPECT_EQ(input.content_type, "image/jpeg");
    EXPECT_EQ(payload->output_prefix, sample.prefix());
    ASSERT_EQ(payload->outputs.size(), 9u);
    for (const auto& slot : payload->outputs) {
        const auto key = ObjectKey::parse(slot.key);
        ASSERT_TRUE(key);
        EXPECT_EQ(slot.url, "https://bucket.example/" + slot.key + "?bytes=any&life=90000");
        EXPECT_THAT(slot.headers,
                    ElementsAre(std::pair<std::string, std::string>("Content-Type", slot.content_type)));
        EXPECT_EQ(*key, sample.output(slot.role, *core::extension_of(slot.content_type)));
    }
}

TEST_F(WorkPlacesTest, AVolumeGivesWorkersPathsAndNoUrl) {
    const auto payload = prepare(by_volume, order());
    ASSERT_TRUE(payload.ok());
    ASSERT_EQ(payload->inputs.size(), 1u);
    EXPECT_EQ(payload->inputs[0].path, "/runpod-volume/inputs/job_" + sample.job.str() + ".jpg");
    EXPECT_TRUE(payload->inputs[0].url.empty());
    EXPECT_EQ(payload->inputs[0].sha256, sample.image.sha256);
    EXPECT_EQ(payload->output_prefix, sample.prefix());
    EXPECT_TRUE(payload->outputs.empty());
    EXPECT_TRUE(volume.holds(ObjectKey::worker_input(sample.job, "jpg")));
}

TEST_F(WorkPlacesTest, WithoutEitherNothingIsSentAndTheOperatorIsTold) {
    WorkPlaces nowhere(folder, nullptr);
    ASSERT_TRUE(nowhere.problem());
    EXPECT_THAT(*nowhere.problem(), HasSubstr("RUNPOD_NETWORK_VOLUME_ID"));
    const auto payload = prepare(nowhere, order());
    ASSERT_FALSE(payload.ok());
    EXPECT_EQ(payload.error().rule, RefusalRule::pause);
    EXPECT_FALSE(by_url.problem());
    EXPECT_FALSE(by_volume.problem());
}

TEST_F(WorkPlacesTest, AnOrderWhoseInputIsNotThereAnyMoreEnds) {
    bucket.objects[sample.image.key.str()] = "pixels of a boot";
    auto payload = prepare(by_url, order());
    ASSERT_FALSE(payload.ok());
    EXPECT_EQ(payload.error().error.code, ErrorCode::input_changed);
    EXPECT_EQ(payload.error().rule, RefusalRule::give_up);
    bucket.objects.clear();
    payload = prepare(by_url, order());
    ASSERT_FALSE(payload.ok());
    EXPECT_EQ(payload.error().error.code, ErrorCode::input_missing);
    EXPECT_EQ(payload.error().rule, RefusalRule::give_up);
    auto none = order();
    none.inputs.clear();
    EXPECT_EQ(prepare(by_url, none).error().error.code, ErrorCode::input_missing);
}

TEST_F(WorkPlacesTest, TroubleWithTheBucketOnlyPutsTheOrderOff) {
    for (const auto kind :
         {ObjectErrorKind::unavailable, ObjectErrorKind::denied, ObjectErrorKind::misconfigured}) {
        bucket.broken = {{"head", kind}};
        const auto payload = prepare(by_url, order());
        ASSERT_FALSE(payload.ok());
        EXPECT_EQ(payload.error().rule, RefusalRule::again_later);
        EXPECT_GE(payload.error().retry_after, Milliseconds(5'000));
    }
}

TEST_F(WorkPlacesTest, MoreInputsThanAPlaceTakesAreRefusedForGood) {
    auto two = order();
    two.inputs.push_back(sample.image);
    EXPECT_EQ(prepare(by_url, two)->inputs.size(), 2u);
    EXPECT_EQ(prepare(by_volume, two).error().rule, RefusalRule::give_up);
    two.inputs.resize(17, sample.image);
    EXPECT_EQ(prepare(by_url, two).error().rule, RefusalRule::give_up);
}

TEST_F(WorkPlacesTest, AnInputThatEndsTheOrderLeavesNoCopy) {
    ASSERT_TRUE(prepare(by_volume, order()).ok());
    volume.objects[ObjectKey::worker_input(sample.job, "jpg").str()] = "half";
    folder.objects.clear();
    EXPECT_EQ(prepare(by_volume, order()).error().rule, RefusalRule::give_up);
    EXPECT_TRUE(volume.objects.empty());
}

TEST_F(WorkPlacesTest, OutputsAreFoundByTheirNamesWhereNobodyToldOfThem) {
    EXPECT_FALSE(found(by_url));
    bucket.hold(sample.output("mask", "png"), "mmm");
    EXPECT_FALSE(found(by_url)) << "without a main one it is no result";
    bucket.hold(sample.output("main", "webp"), "");
    EXPECT_FALSE(found(by_url)) << "an empty one neither";
    bucket.hold(sample.output("main", "webp"), "wwwww");
    const auto result = found(by_url);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->files.size(), 2u);
    EXPECT_EQ(result->files[0].role, "main");
    EXPECT_EQ(result->files[0].content_type, "image/webp");
    EXPECT_EQ(result->files[0].bytes, 5u);
    EXPECT_EQ(result->files[1].key, sample.output("mask", "png"));
}

TEST_F(WorkPlacesTest, AWorkersNoteTellsMoreThanNames) {
    volume.hold(sample.output("main", "png"), "ppp");
    volume.hold(sample.output("preview", "jpg"), "jjj");
    volume.hold(ObjectKey::worker_note(sample.job, sample.attempt), note({sample.file("main.png")}));
    const auto result = found(by_volume);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->files.size(), 1u);
    EXPECT_EQ(result->files[0].sha256, std::string(64, 'a'));
    EXPECT_EQ(result->measures_json, R"({"a":1})");
}

TEST_F(WorkPlacesTest, ANoteThatIsWrongIsNotFollowed) {
    SampleJob other(folder, "theirs", 2);
    volume.hold(other.output("main", "png"), "ooo");
    volume.hold(sample.output("main", "png"), "ppp");
    const auto key = ObjectKey::worker_note(sample.job, sample.attempt);
    auto longer = sample.file("main.png");
    longer.bytes = 4;
    for (const auto& text :
         {note({other.file("main.png")}), note({longer}),
          note({sample.file("main.png"), sample.file("mask.png", "mask")}),
          note({sample.file("main.png")}).substr(0, 40), std::string(), std::string("[]"),
          std::string(R"({"work":"w"})"), std::string(R"({"work":"w","result":{"darkroom":"duplicate"}})"),
          std::string(3u << 20, ' '), std::string("\0\xff", 2)}) {
        SCOPED_TRACE(text.substr(0, 80));
        volume.hold(key, text);
        const auto result = found(by_volume);
        ASSERT_TRUE(result) << "the files are there all the same";
        ASSERT_EQ(result->files.size(), 1u);
        EXPECT_EQ(result->files[0].key, sample.output("main", "png"));
        EXPECT_EQ(result->measures_json, "{}");
    }
}

TEST_F(WorkPlacesTest, AStorageThatDoesNotAnswerIsNoProofThatNothingIsThere) {
    bucket.hold(sample.output("main", "png"), "ppp");
    for (const auto* function : {"head", "open"}) {
        bucket.broken = {{function, ObjectErrorKind::unavailable}};
        EXPECT_FALSE(by_url.find_outputs(sample.job, sample.attempt).ok());
    }
    volume.broken = {{"open", ObjectErrorKind::denied}};
    EXPECT_FALSE(by_volume.find_outputs(sample.job, sample.attempt).ok());
    volume.broken = {{"read", ObjectErrorKind::unavailable}};
    volume.hold(ObjectKey::worker_note(sample.job, sample.attempt), std::string(10'000, ' '));
    EXPECT_FALSE(by_volume.find_outputs(sample.job, sample.attempt).ok());
}

// Settings change while attempts are under way: from a volume to a bucket, for example.
TEST_F(WorkPlacesTest, OutputsOfEarlierSettingsAreFoundAndOpened) {
    InputCopies shared(bucket, volume);
    WorkPlaces both(bucket, &shared);
    EXPECT_EQ(prepare(both, order())->outputs.size(), 9u) << "a bucket is used where there is one";
    EXPECT_TRUE(volume.objects.empty());
    const auto key = sample.output("main", "png");
    EXPECT_EQ(both.open_output(key).error().kind, ObjectErrorKind::missing);
    volume.hold(key, "ppp");
    EXPECT_TRUE(found(both));
    EXPECT_EQ((*both.open_output(key))->bytes(), 3u);
    bucket.broken = {{"open", ObjectErrorKind::unavailable}};
    EXPECT_EQ(both.open_output(key).error().kind, ObjectErrorKind::unavailable)
        << "it may be in the bucket: that it is not on the volume would prove nothing";
}

TEST_F(WorkPlacesTest, ClearTakesAllOfOneAttemptAndNothingElse) {
    SampleJob other(bucket, "theirs", 2);
    for (auto* store : {&bucket, &volume}) {
        store->hold(sample.output("main", "png"), "p");
        store->hold(sample.output("thumbnail", "jpg"), "t");
        store->hold(ObjectKey::worker_note(sample.job, sample.attempt), "{}");
        store->hold(other.output("main", "png"), "p");
        store->objects[sample.prefix() + "/notes.txt"] = "somebody's";
    }
    by_url.clear(sample.job, sample.attempt);
    EXPECT_EQ(bucket.objects.size(), 4u);
    EXPECT_TRUE(bucket.holds(other.output("main", "png")));
    EXPECT_TRUE(bucket.holds(sample.image.key)) << "an input of the main storage is its owner's";
    ASSERT_TRUE(prepare(by_volume, order()).ok());
    volume.asked.clear();
    by_volume.clear(sample.job, sample.attempt);
    EXPECT_EQ(volume.objects.size(), 2u);
    EXPECT_TRUE(volume.holds(other.output("main", "png")));
    EXPECT_LE(volume.asked.size(), 5u) << "a listing, and a removal of each that is there";
}

TEST_F(WorkPlacesTest, WhatCannotBeClearedIsLeftToUpkeep) {
    bucket.hold(sample.output("main", "png"), "p");
    bucket.broken = {{"remove_many", ObjectErrorKind::unavailable}};
    by_url.clear(sample.job, sample.attempt);
    EXPECT_TRUE(bucket.holds(sample.output("main", "png")));
    volume.hold(sample.output("main", "png"), "p");
    for (const auto* function : {"list", "remove"}) {
        volume.broken = {{function, ObjectErrorKind::denied}};
        by_volume.clear(sample.job, sample.attempt);
        EXPECT_TRUE(volume.holds(sample.output("main", "png")));
    }
}

}  // namespace
}  // namespace darkroom::runpod
