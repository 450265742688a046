// Creating, reading and listing jobs; idempotent creation.
#include <atomic>
#include <thread>

#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;

std::vector<std::string> ids(const ports::JobPage& page) {
    std::vector<std::string> out;
    for (const auto& job : page.jobs) out.push_back(job.id.str());
    return out;
}

TEST_P(JobStoreSuite, AJobComesBackAsItWasCreatedAlsoAfterReopening) {
    auto request = samples_.job(ann, -7);
    request.job.inputs.push_back(samples_.image(UploadId()));
    request.job.params_json = std::string(300'000, ' ') + "{}";
    ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
    auto expected = request.job;
    expected.updated_at = expected.created_at;
    EXPECT_EQ(in_words(**store().find_job(Access::of(ann), request.job.id)), in_words(expected));
    reopen();
    EXPECT_EQ(in_words(**store().find_job(Access::of(ann), request.job.id)), in_words(expected));
}

TEST_P(JobStoreSuite, AJobWithNothingButItsIdIsKeptToo) {
    ports::NewJob bare;
    bare.job.id = samples_.unknown_job();
    bare.job.user = ann;
    ASSERT_TRUE(store().create_job(bare).ok());
    EXPECT_EQ(in_words(**store().find_job(Access::of(ann), bare.job.id)), in_words(bare.job));
}

TEST_P(JobStoreSuite, AnUnknownJobIsNotFound) {
    const auto id = samples_.unknown_job();
    EXPECT_FALSE(store().find_job(Access::everyone(), id)->has_value());
    EXPECT_FALSE(store().list_events(Access::everyone(), id, 0, 10)->has_value());
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(
        *store().cancel_job(Access::everyone(), id, "key:app", at(1))));
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(
        *store().requeue_job(Access::everyone(), id, "key:app", at(1))));
}

TEST_P(JobStoreSuite, ASecondJobOfTheSameIdIsRefusedAndHarmsNobodyBesideIt) {
    const auto first = samples_.job(ann);
    ASSERT_TRUE(store().create_job(first).ok());
    const auto before = everything_in_words(store());
    std::atomic<int> created{0};
    std::atomic<int> refused{0};
    {
        std::vector<std::jthread> callers;  // together, so that the bad one may share a batch with good ones
        for (int i = 0; i < 8; ++i) {
            auto request = i == 3 ? first : samples_.job(eve);
            callers.emplace_back([&, request] { store().create_job(request).ok() ? ++created : ++refused; });
        }
    }
    EXPECT_EQ(created, 7);
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(store().list_jobs(Access::of(eve), {}, 0, 100)->jobs.size(), 7u);
    EXPECT_EQ(store().list_jobs(Access::of(ann), {}, 0, 100)->jobs.size(), 1u);
}

TEST_P(JobStoreSuite, JobsAreListedNewestFirstInPagesThatStayWhereTheyAreWhileJobsAreAdded) {
    std::vector<std::string> expected;
    for (int i = 0; i < 25; ++i) {
        const auto request = samples_.job(ann);
        ASSERT_TRUE(store().create_job(request).ok());
        expected.insert(expected.begin(), request.job.id.str());
    }
    std::vector<std::string> seen;
    std::int64_t before = 0;
    int pages = 0;
    do {
        const auto page = store().list_jobs(Access::of(ann), {}, before, 10);
        ASSERT_TRUE(page.ok());
        for (const auto& id : ids(*page)) seen.push_back(id);
        before = page->next_before;
        ++pages;
        ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    } while (before != 0);
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(pages, 3);
}

TEST_P(JobStoreSuite, AFullLastPageSaysThatThereIsNoMore) {
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    EXPECT_EQ(store().list_jobs(Access::of(ann), {}, 0, 4)->next_before, 0);
    EXPECT_NE(store().list_jobs(Access::of(ann), {}, 0, 3)->next_before, 0);
    EXPECT_TRUE(store().list_jobs(Access::of(ann), {}, 0, 0)->jobs.empty());
    EXPECT_TRUE(store().list_jobs(Access::of(ann), {}, 0, -5)->jobs.empty());
    EXPECT_TRUE(store().list_jobs(Access::of(ann), {}, 1, 10)->jobs.empty());
}

TEST_P(JobStoreSuite, FiltersAreAppliedTogether) {
    for (int s = 0; s < core::status_count; ++s) {
        for (const auto& owner : {ann, eve, ann}) (void)bring_to(owner, static_cast<Status>(s));
    }
    for (const auto& access : {Access::of(ann), Access::of(eve), Access::everyone()}) {
        const auto all = store().list_jobs(access, {}, 0, 100)->jobs;
        for (int mask = 0; mask < 1 << core::status_count; ++mask) {
            for (const auto& type : {std::optional<std::string>(), std::optional<std::string>("bg_remove")}) {
                ports::JobFilter filter;
                for (int s = 0; s < core::status_count; ++s) {
                    if ((mask >> s & 1) != 0) filter.statuses.push_back(static_cast<Status>(s));
                }
                filter.type = type;
                filter.created_from = at(3);
                filter.created_to = at(17);
                std::vector<std::string> expected;
                for (const auto& job : all) {
                    const bool status = mask == 0 || (mask >> static_cast<int>(job.status) & 1) != 0;
                    const bool time = job.created_at >= at(3) && job.created_at < at(17);
                    if (status && time && (!type || job.type == *type)) expected.push_back(job.id.str());
                }
                ASSERT_EQ(ids(*store().list_jobs(access, filter, 0, 100)), expected)
                    << mask << type.value_or("");
            }
        }
    }
}

TEST_P(JobStoreSuite, TheSameRequestUnderOneKeyMakesOneJobHoweverManyAskAtOnce) {
    constexpr int callers_count = 100;
    std::vector<ports::NewJob> requests;
    for (int i = 0; i < callers_count; ++i) {
        requests.push_back(samples_.job(ann));
        requests.back().idempotency = idempotency("order-1", "the same", at(1'000'000));
    }
    std::vector<std::optional<JobId>> answers(callers_count);
    {
        std::vector<std::jthread> callers;
        callers.reserve(callers_count);
        for (int i = 0; i < callers_count; ++i) {
            callers.emplace_back([&, i] {
                const auto outcome = store().create_job(requests[static_cast<std::size_t>(i)]);
                auto& answer = answers[static_cast<std::size_t>(i)];
                if (!outcome) return;
                if (std::holds_alternative<ports::JobCreated>(*outcome))
                    answer = requests[static_cast<std::size_t>(i)].job.id;
                if (const auto* earlier = std::get_if<ports::JobAlreadyCreated>(&*outcome))
                    answer = earlier->job;
            });
        }
    }
    for (const auto& answer : answers) EXPECT_EQ(answer, answers[0]);
    EXPECT_TRUE(answers[0].has_value());
    EXPECT_EQ(store().list_jobs(Access::everyone(), {}, 0, 1'000)->jobs.size(), 1u);
}

TEST_P(JobStoreSuite, AnotherRequestUnderTheSameKeyIsRefused) {
    auto first = samples_.job(ann);
    first.idempotency = idempotency("k", "one", at(1'000'000));
    ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(first)));
    auto second = samples_.job(ann);
    second.idempotency = idempotency("k", "two", at(1'000'000));
    EXPECT_TRUE(std::holds_alternative<ports::IdempotencyKeyReused>(*store().create_job(second)));
    reopen();
    EXPECT_TRUE(std::holds_alternative<ports::IdempotencyKeyReused>(*store().create_job(second)));
    EXPECT_FALSE(store().find_job(Access::everyone(), second.job.id)->has_value());
}

TEST_P(JobStoreSuite, KeysOfTwoUsersHaveNothingToDoWithEachOther) {
    auto hers = samples_.job(ann);
    hers.idempotency = idempotency("k", "one", at(1'000'000));
    auto his = samples_.job(eve);
    his.idempotency = idempotency("k", "two", at(1'000'000));
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(hers)));
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(his)));
}

TEST_P(JobStoreSuite, AnExpiredKeyMayBeUsedAgain) {
    auto first = samples_.job(ann);
    first.idempotency = idempotency("k", "one", at(500));
    ASSERT_TRUE(store().create_job(first).ok());
    auto in_time = samples_.job(ann);
    in_time.job.created_at = at(499);
    in_time.idempotency = idempotency("k", "one", at(10'000));
    EXPECT_TRUE(std::holds_alternative<ports::JobAlreadyCreated>(*store().create_job(in_time)));
    auto late = samples_.job(ann);
    late.job.created_at = at(500);
    late.idempotency = idempotency("k", "two", at(10'000));
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(late)));
}

TEST_P(JobStoreSuite, ARequestThatWasRefusedDoesNotBindItsKey) {
    auto refused = samples_.job(ann);
    refused.uploads = {UploadId::from_random({})};
    refused.idempotency = idempotency("k", "one", at(1'000'000));
    ASSERT_TRUE(std::holds_alternative<ports::UploadGone>(*store().create_job(refused)));
    auto other = samples_.job(ann);
    other.idempotency = idempotency("k", "two", at(1'000'000));
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(other)));
}

}  // namespace
}  // namespace darkroom::conformance
