// Fifty jobs and a pod that is killed in the middle of them: all end right, and nothing runs twice on the pod
// unless its first run was lost with the process. The pod's own journal is the witness.
#include <set>

#include "base/json.h"
#include "tests/pod/pod_fixture.h"

namespace darkroom::e2e {
namespace {

constexpr int jobs = 50;
constexpr int ended_before_the_kill = 15;

class PodStorm : public PodTest {
protected:
    PodStorm() : PodTest({.run_ms = 60}) {}

    int ends() const {
        int count = 0;
        for (const auto& note : pod_.journal()) count += note.what == "end" ? 1 : 0;
        return count;
    }
};

TEST_F(PodStorm, APodKilledAmongFiftyJobsLosesNoneAndRepeatsOnlyWhatWasLost) {
    std::vector<std::string> ids;
    ids.reserve(jobs);
    for (int i = 0; i < jobs; ++i) ids.push_back(create(std::uint32_t(i)));
    ASSERT_TRUE(eventually([&] { return ends() >= ended_before_the_kill; }, Milliseconds(60'000)));
    pod_.kill();
    const auto before = pod_.journal();
    pod_.start_again();
    // By job, whose attempts are prompts of their own.
    std::map<std::string, std::vector<std::string>> attempts_of;
    for (const auto& id : ids) {
        const auto job = ended(id);
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        for (const auto& attempt : items_at(job, "/attempts")) {
            EXPECT_EQ(text_at(attempt, "/backend"), "pod");
            attempts_of[id].push_back(text_at(attempt, "/remote_id"));
        }
    }
    std::map<std::string, int> posts;
    std::map<std::string, int> runs;
    std::map<std::string, int> finished;
    for (const auto& note : pod_.journal())
        ++(note.what == "post" ? posts : note.what == "run" ? runs : finished)[note.prompt];
    const auto killed = before.front().process;
    for (const auto& [prompt, count] : runs) EXPECT_EQ(count, 1) << prompt << " ran twice in one process";
    int repeated = 0;
    for (const auto& [id, prompts] : attempts_of) {
        // Only what the killed process had taken, and whose result was not yet fetched, is sent again.
        for (std::size_t i = 0; i + 1 < prompts.size(); ++i) {
            ++repeated;
            for (const auto& note : pod_.journal()) {
                const bool is_it = note.prompt == prompts[i];
                EXPECT_TRUE(!is_it || note.process == killed) << id;
            }
        }
        EXPECT_EQ(finished[prompts.back()], 1) << id;
        EXPECT_LE(prompts.size(), 2u) << id;
    }
    // Four are at the pod at once; one of them may have ended and not been fetched.
    EXPECT_LE(repeated, 4);
    EXPECT_LE(posts.size(), std::size_t(jobs + repeated));
}

}  // namespace
}  // namespace darkroom::e2e
