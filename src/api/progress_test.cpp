// How far a job is, in its answers: told while it runs, if its backend tells.
#include "api/api_fixture.h"

namespace darkroom::api::testing {
namespace {

class OneBoard final : public ports::ProgressBoard {
public:
    std::optional<ports::StepProgress> progress_of(const AttemptId& attempt) const override {
        return attempt == known ? told : std::nullopt;
    }
    AttemptId known = *AttemptId::parse("22222222-2222-4222-8222-222222222222");
    std::optional<ports::StepProgress> told = ports::StepProgress{7, 20};
};

class StepsOfAJob : public ApiTest {
protected:
    StepsOfAJob() {
        job_.id = *JobId::parse("11111111-1111-4111-8111-111111111111");
        job_.user = *UserId::parse("ann");
        job_.type = "restore";
        job_.backend = "pod";
        add_attempt(steps_.known);
        board = &steps_;
    }
    void add_attempt(const AttemptId& id) {
        core::Attempt attempt;
        attempt.id = id;
        attempt.number = static_cast<int>(job_.attempts.size()) + 1;
        attempt.backend = "pod";
        job_.attempts.push_back(attempt);
    }
    std::string shown(core::Status status) {
        job_.status = job_.attempts.back().status = status;
        store.jobs = {job_};
        return show(job_).at("/progress");
    }
    core::Job job_;
    OneBoard steps_;
};

TEST_F(StepsOfAJob, AreToldWhileItRunsAndNotBeforeOrAfter) {
    EXPECT_EQ(shown(core::Status::running), R"({"stage":"running","value":7,"max":20,"percent":35})");
    EXPECT_EQ(shown(core::Status::dispatched), R"({"stage":"queue"})");
    EXPECT_EQ(shown(core::Status::succeeded), "null");
    steps_.told = ports::StepProgress{20, 20};
    EXPECT_EQ(shown(core::Status::running), R"({"stage":"running","value":20,"max":20,"percent":100})");
    steps_.told.reset();
    EXPECT_EQ(shown(core::Status::running), R"({"stage":"running"})");
}

TEST_F(StepsOfAJob, AreThoseOfItsNewestAttempt) {
    add_attempt(*AttemptId::parse("33333333-3333-4333-8333-333333333333"));
    EXPECT_EQ(shown(core::Status::running), R"({"stage":"running"})");
}

}  // namespace
}  // namespace darkroom::api::testing
