// The life of an upload: put through Darkroom or straight into the store, completed once, used by jobs or
// expired for good; and what an idempotency key was used for.
#include <algorithm>
#include <limits>
#include <set>
#include <thread>

#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using core::ObjectKey;
using ports::Access;
using ports::UploadOutcome;

/// What must be removed for `id`, if it is among `expired`.
std::optional<std::vector<ObjectKey>> objects_of(const std::vector<ports::ExpiredUpload>& expired,
                                                 const UploadId& id) {
    for (const auto& upload : expired) {
        if (upload.id == id) return upload.objects;
    }
    return std::nullopt;
}

TEST_P(JobStoreSuite, AnUploadIsCompletedOnce) {
    auto upload = samples_.upload(ann, at(10'000));
    ASSERT_TRUE(store().create_upload(upload).ok());
    const auto image = samples_.image(upload.id);
    ASSERT_EQ(*store().complete_upload(Access::everyone(), upload.id, image, at(9'999), at(20'000)),
              UploadOutcome::completed);
    upload.ready = true;
    upload.expires_at = at(20'000);
    upload.image = image;
    reopen();
    EXPECT_EQ(in_words(**store().find_upload(Access::of(ann), upload.id)), in_words(upload));
    EXPECT_EQ(*store().complete_upload(Access::of(ann), upload.id, image, at(9'999), at(90'000)),
              UploadOutcome::already_complete);
    EXPECT_EQ(in_words(**store().find_upload(Access::of(ann), upload.id)), in_words(upload));
}

TEST_P(JobStoreSuite, AnUploadThatComesTooLateIsRefused) {
    const auto upload = samples_.upload(ann, at(10'000));
    ASSERT_TRUE(store().create_upload(upload).ok());
    const auto image = samples_.image(upload.id);
    EXPECT_EQ(*store().complete_upload(Access::of(ann), upload.id, image, at(10'000), at(20'000)),
              UploadOutcome::expired);
    EXPECT_EQ(*store().complete_upload(Access::of(ann), UploadId(), image, at(1), at(2)),
              UploadOutcome::not_found);
    EXPECT_FALSE(store().find_upload(Access::of(ann), UploadId())->has_value());
}

TEST_P(JobStoreSuite, AJobNeedsUploadsThatAreThere) {
    const auto pending = samples_.upload(ann, at(10'000));
    auto expired = samples_.upload(ann, at(10'000));
    ASSERT_TRUE(store().create_upload(pending).ok());
    ASSERT_TRUE(store().create_upload(expired).ok());
    ASSERT_TRUE(
        store()
            .complete_upload(Access::of(ann), expired.id, samples_.image(expired.id), at(1), at(5'000))
            .ok());
    auto request = samples_.job(ann);
    request.job.created_at = at(5'000);
    for (const auto& id : {pending.id, expired.id, UploadId::from_random({})}) {
        request.uploads = {id};
        EXPECT_EQ(std::get<ports::UploadGone>(*store().create_job(request)).upload, id);
    }
    request.job.created_at = at(4'999);
    request.uploads = {expired.id};
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
}

TEST_P(JobStoreSuite, AnUploadThatAJobUsesDoesNotExpireAndCanBeUsedAgain) {
    const auto upload = samples_.upload(ann, at(10'000));
    ASSERT_TRUE(store().create_upload(upload).ok());
    ASSERT_TRUE(store()
                    .complete_upload(Access::of(ann), upload.id, samples_.image(upload.id), at(1), at(5'000))
                    .ok());
    auto first = samples_.job(ann);
    first.uploads = {upload.id, upload.id};
    ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(first)));
    EXPECT_TRUE(store().list_expired_uploads(at(1'000'000), 100)->empty());
    auto second = samples_.job(ann);
    second.job.created_at = at(1'000'000);
    second.uploads = {upload.id};
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(second)));
}

TEST_P(JobStoreSuite, JobsCreatedTogetherOfOneUploadAndOfTheirOwnKeepBothAsLongAsTheyAreThere) {
    constexpr int callers = 24;
    const auto uploaded = [&] {
        const auto upload = samples_.upload(ann, at(10'000));
        const auto image = samples_.image(upload.id);
        EXPECT_TRUE(store().create_upload(upload).ok());
        EXPECT_TRUE(store().complete_upload(Access::of(ann), upload.id, image, at(1), at(5'000)).ok());
        return std::pair(upload.id, image);
    };
    const auto [shared, shared_image] = uploaded();
    std::vector<ports::NewJob> requests;
    for (int i = 0; i < callers; ++i) {
        const auto [own, own_image] = uploaded();
        auto request = samples_.job(ann);
        request.uploads = {shared, own, shared};
        request.job.inputs = {shared_image, own_image};
        const auto key = "k" + std::to_string(i % (callers / 2));  // so each comes twice
        request.idempotency = idempotency(key, key, at(90'000));
        requests.push_back(request);
    }
    std::vector<ports::CreateOutcome> outcomes(requests.size());
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < requests.size(); ++i)
            threads.emplace_back([&, i] { outcomes[i] = *store().create_job(requests[i]); });
    }
    std::vector<JobId> created;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto& twin = requests[(i + callers / 2) % callers].job.id;
        if (std::holds_alternative<ports::JobCreated>(outcomes[i])) {
            created.push_back(requests[i].job.id);
        } else {
            EXPECT_EQ(std::get<ports::JobAlreadyCreated>(outcomes[i]).job, twin);
        }
    }
    ASSERT_EQ(created.size(), requests.size() / 2);
    EXPECT_EQ(store().list_expired_uploads(at(5'000), 100)->size(), created.size()) << "those of nobody";

    std::size_t removed = 0;
    for (std::size_t i = 0; i < created.size(); ++i) {
        const auto ended = at(6'000 + static_cast<std::int64_t>(i));
        ASSERT_TRUE(store().cancel_job(Access::of(ann), created[i], "key:app", ended).ok());
        const auto retired = *store().retire_jobs(ports::Retention::inputs, all_of_time, 10, at(100'000));
        ASSERT_TRUE(store().settle_retired(ports::Retention::inputs, retired.mark).ok());
        removed += retired.objects.size();
        EXPECT_EQ(std::count(retired.objects.begin(), retired.objects.end(), shared_image.key),
                  i + 1 == created.size() ? 1 : 0);
    }
    EXPECT_EQ(removed, created.size() + 1);
}

TEST_P(JobStoreSuite, AnUploadStraightIntoTheStoreKeepsItsPlaceAlsoAfterReopening) {
    auto upload = samples_.upload(ann, at(10'000));
    upload.direct_key = ObjectKey::uploaded(upload.id, "png");
    ASSERT_TRUE(store().create_upload(upload).ok());
    reopen();
    EXPECT_EQ(in_words(**store().find_upload(Access::of(ann), upload.id)), in_words(upload));
}

TEST_P(JobStoreSuite, ExpiredUploadsAreToldLongestExpiredFirstWithAllTheirObjects) {
    const auto relayed = samples_.upload(ann, at(300));
    auto direct = samples_.upload(ann, at(200));
    direct.direct_key = ObjectKey::uploaded(direct.id, "png");
    auto moved = samples_.upload(ann, at(50));
    moved.direct_key = ObjectKey::uploaded(moved.id, "png");
    auto stayed = samples_.upload(ann, at(50));
    stayed.direct_key = ObjectKey::uploaded(stayed.id, "jpg");
    for (const auto& upload : {relayed, direct, moved, stayed})
        ASSERT_TRUE(store().create_upload(upload).ok());
    for (const auto& upload : {moved, stayed}) {
        const auto image = samples_.image(upload.id);  // a .jpg
        const auto until = at(upload.id == moved.id ? 100 : 400);
        ASSERT_EQ(*store().complete_upload(Access::of(ann), upload.id, image, at(1), until),
                  UploadOutcome::completed);
    }
    EXPECT_TRUE(store().list_expired_uploads(at(99), 10)->empty());
    std::vector<UploadId> order;
    const auto expired = *store().list_expired_uploads(at(400), 10);
    order.reserve(expired.size());
    for (const auto& upload : expired) order.push_back(upload.id);
    EXPECT_EQ(order, (std::vector{moved.id, direct.id, relayed.id, stayed.id}));
    EXPECT_EQ(objects_of(expired, relayed.id), std::vector<ObjectKey>());
    EXPECT_EQ(objects_of(expired, direct.id), std::vector{direct.direct_key});
    EXPECT_EQ(objects_of(expired, moved.id),
              (std::vector{moved.direct_key, ObjectKey::uploaded(moved.id, "jpg")}));
    EXPECT_EQ(objects_of(expired, stayed.id), std::vector{stayed.direct_key});
}

TEST_P(JobStoreSuite, ExpiredUploadsAreToldAFewAtATimeAgainAndAgainUntilTheyAreForgotten) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store().create_upload(samples_.upload(ann, at(100 + i))).ok());
    const auto fresh = samples_.upload(ann, at(9'000));
    ASSERT_TRUE(store().create_upload(fresh).ok());
    for (const int none : {0, -1, std::numeric_limits<int>::min()})
        EXPECT_TRUE(store().list_expired_uploads(at(9'999), none)->empty());
    const auto first = *store().list_expired_uploads(at(1'000), 2);
    ASSERT_EQ(first.size(), 2u);
    reopen();
    const auto again = *store().list_expired_uploads(at(1'000), 2);
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[0].id, first[0].id);
    EXPECT_EQ(again[1].id, first[1].id);
    ASSERT_TRUE(store().forget_uploads({first[0].id, first[1].id, first[0].id}).ok());
    EXPECT_FALSE(store().find_upload(Access::everyone(), first[0].id)->has_value());
    EXPECT_EQ(store().list_expired_uploads(at(1'000), std::numeric_limits<int>::max())->size(), 1u);
    EXPECT_TRUE(store().find_upload(Access::of(ann), fresh.id)->has_value());
}

TEST_P(JobStoreSuite, OnlyWhatHasExpiredCanBeForgottenAndManyAtOnce) {
    const auto fresh = samples_.upload(ann, at(9'000));
    const auto used = samples_.upload(ann, at(9'000));
    for (const auto& upload : {fresh, used}) ASSERT_TRUE(store().create_upload(upload).ok());
    ASSERT_TRUE(
        store().complete_upload(Access::of(ann), used.id, samples_.image(used.id), at(1), at(5'000)).ok());
    auto request = samples_.job(ann);
    request.uploads = {used.id};
    ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
    std::vector<UploadId> ids{fresh.id, used.id};
    while (ids.size() < 10'000) ids.push_back(random_.id<UploadId>());
    ASSERT_TRUE(store().forget_uploads(ids).ok());
    ASSERT_TRUE(store().forget_uploads({}).ok());
    EXPECT_TRUE(store().find_upload(Access::of(ann), fresh.id)->has_value());
    EXPECT_TRUE(store().find_upload(Access::of(ann), used.id)->has_value());
}

TEST_P(JobStoreSuite, AnUploadThatWasToldAsExpiredIsOverHoweverEarlyTheClockOfALateRequest) {
    const auto pending = samples_.upload(ann, at(100));
    const auto ready = samples_.upload(ann, at(100));
    for (const auto& upload : {pending, ready}) ASSERT_TRUE(store().create_upload(upload).ok());
    ASSERT_TRUE(
        store().complete_upload(Access::of(ann), ready.id, samples_.image(ready.id), at(1), at(100)).ok());
    ASSERT_EQ(store().list_expired_uploads(at(100), 10)->size(), 2u);
    EXPECT_EQ(
        *store().complete_upload(Access::of(ann), pending.id, samples_.image(pending.id), at(5), at(900)),
        UploadOutcome::expired);
    auto request = samples_.job(ann);
    request.job.created_at = at(5);
    request.uploads = {ready.id};
    EXPECT_TRUE(std::holds_alternative<ports::UploadGone>(*store().create_job(request)));
}

// Whoever comes first wins, and nobody's picture is removed under a job.
TEST_P(JobStoreSuite, JobsAndExpiryRacingForUploadsNeverBothGetOne) {
    constexpr std::size_t count = 60;
    std::vector<ports::NewJob> requests;
    for (std::size_t i = 0; i < count; ++i) {
        const auto upload = samples_.upload(ann, at(100));
        ASSERT_TRUE(store().create_upload(upload).ok());
        ASSERT_TRUE(
            store()
                .complete_upload(Access::of(ann), upload.id, samples_.image(upload.id), at(1), at(100))
                .ok());
        requests.push_back(samples_.job(ann));
        requests.back().job.created_at = at(99);
        requests.back().uploads = {upload.id};
    }
    std::vector<char> created(count, 0);
    std::set<UploadId> expired;
    const auto expire = [&](int count_max) {
        const auto uploads = *store().list_expired_uploads(at(200), count_max);
        for (const auto& upload : uploads) {
            expired.insert(upload.id);
            (void)store().forget_uploads({upload.id});
        }
    };
    {
        const std::jthread creator([&] {
            for (std::size_t i = 0; i < count; ++i) {
                const auto outcome = store().create_job(requests[i]);
                created[i] = outcome.ok() && std::holds_alternative<ports::JobCreated>(*outcome) ? 1 : 0;
            }
        });
        const std::jthread janitor([&] {
            for (std::size_t i = 0; i < count; ++i) {
                expire(3);
            }
        });
    }
    expire(1'000);
    for (std::size_t i = 0; i < count; ++i)
        EXPECT_NE(created[i] != 0, expired.count(requests[i].uploads[0]) != 0) << i;
}

TEST_P(JobStoreSuite, AnEarlierRequestIsFoundByItsUserAndKeyWhileItCounts) {
    auto request = samples_.job(ann);
    request.idempotency = idempotency("k", "one", at(500));
    ASSERT_TRUE(store().create_job(request).ok());
    reopen();
    const auto earlier = *store().find_earlier_request(ann, "k", at(499));
    ASSERT_TRUE(earlier.has_value());
    EXPECT_EQ(earlier->job, request.job.id);
    EXPECT_EQ(earlier->fingerprint, sha256("one"));
    EXPECT_FALSE(store().find_earlier_request(ann, "k", at(500))->has_value());
    EXPECT_FALSE(store().find_earlier_request(ann, "K", at(1))->has_value());
    EXPECT_FALSE(store().find_earlier_request(ann, "", at(1))->has_value());
    EXPECT_FALSE(store().find_earlier_request(eve, "k", at(1))->has_value());
}

}  // namespace
}  // namespace darkroom::conformance
