// What every JobStore must do, written against the port. A store passes by instantiating the suite with a
// maker:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreSuite, ::testing::Values(&make_sqlite));
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ports/job_store.h"
#include "ports/remote_job_store.h"
#include "tests/conformance/job_samples.h"
#include "tests/support/seeded_random.h"

namespace darkroom::conformance {

/// An empty store, with whatever has to live as long as it does; its destructor cleans up.
class JobStoreUnderTest {
public:
    virtual ~JobStoreUnderTest() = default;
    virtual ports::JobStore& store() = 0;
    virtual ports::RemoteJobStore& remote() = 0;  // the same store
    /// Closes the store and opens it again on what it kept, as another node.
    virtual void open_again() = 0;
    /// As a process that starts where the last one died: it also takes over what that one held.
    void reopen() {
        open_again();
        while (!store().take_over(100)->empty()) {
        }
    }
    /// What is wrong with the rows that the port does not show: places in line without a waiting job and the
    /// like.
    virtual std::vector<std::string> row_problems() = 0;
};

using MakeJobStore = std::unique_ptr<JobStoreUnderTest> (*)();

class JobStoreSuite : public ::testing::TestWithParam<MakeJobStore> {
protected:
    /// Whatever a test did, the store is consistent afterwards.
    void TearDown() override {
        EXPECT_EQ(consistency_problems(store()), std::vector<std::string>());
        EXPECT_EQ(under_test_->row_problems(), std::vector<std::string>());
    }

    ports::JobStore& store() { return under_test_->store(); }
    ports::RemoteJobStore& remote() { return under_test_->remote(); }
    void reopen() { under_test_->reopen(); }

    struct Brought {
        core::Job job;
        std::optional<AttemptId> attempt;  // the last one, if there was any
    };
    /// Makes a job and leads it to `status`, without touching others: it has a backend of its own. Its
    /// attempt is intended for a remote one.
    Brought bring_to(const UserId& owner, core::Status status);
    /// A job that waits for its second attempt; `attempt` is its first one, which was sent elsewhere.
    Brought bring_to_its_retry(const UserId& owner);
    core::Job read(const JobId& id) { return **store().find_job(ports::Access::everyone(), id); }
    std::vector<core::JobEvent> events(const JobId& id, std::int64_t after, int count_max) {
        return **store().list_events(ports::Access::everyone(), id, after, count_max);
    }

    darkroom::testing::SeededRandom random_{20260704};
    Samples samples_{random_};

private:
    std::unique_ptr<JobStoreUnderTest> under_test_ = GetParam()();
};

}  // namespace darkroom::conformance
