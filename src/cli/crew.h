// The threads of one run. Two send pictures and create their jobs, four wait for jobs and fetch results, so
// that sending overlaps with work. The first picture goes alone: what the server refuses for every picture
// alike (an unknown param, a wrong key) costs one upload. The thread that calls watch() prints; the crew
// itself never does.
#pragma once
#include <boost/json/object.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/job_steps.h"
#include "cli/progress_line.h"

namespace darkroom::cli {

/// One row of a run: a file to be worked on, or a job that is watched.
struct Picture {
    std::string shown;              // as the user named it
    std::optional<InputFile> file;  // none when a job is watched
    std::string job_id;             // empty = not created yet
    boost::json::object job;        // the last answer about it
    std::optional<std::filesystem::path> output;
    std::optional<StepFailure> failure;
    bool ended = false;
    Milliseconds took{0};

    bool succeeded() const { return ended && !failure; }
};

struct CrewPlan {
    std::string type;
    boost::json::object params;
    boost::json::array steps;         // of a chain; then there are no params
    std::optional<InputFile> mask;    // sent with each picture
    std::string backend;              // empty = the server's own choice
    OutputNames* names = nullptr;     // nullptr = results are not fetched
    Milliseconds wait_slice{30'000};  // of one held request
    Milliseconds poll_pause{500};     // after an answer that came much sooner although nothing had ended
    Instant deadline;
};

enum class CrewEnd { done, stopped, timed_out };

class Crew {
public:
    /// Everything borrowed outlives the crew. Pictures that ended already stay as they are.
    Crew(GatewayClient& client, ports::Clock& clock, CrewPlan plan, std::vector<Picture> pictures);
    /// Asks the threads to stop and joins them.
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// Blocks until every picture ended, the client's Stop is asked, or the deadline is over. Calls
    /// `on_ended` once for each picture and `on_tick` several times a second, both on this thread.
    CrewEnd watch(const std::function<void(const Picture&)>& on_ended,
                  const std::function<void(const RunProgress&)>& on_tick);

    /// After watch(): are all threads at their end? A held request can keep one for as long as a wait slice.
    bool wait_for_threads(Milliseconds at_most);

    /// A copy: threads that are still there may change the originals.
    std::vector<Picture> pictures() const;

private:
    void send_all();
    void collect_all();
    std::optional<std::size_t> next_to_send();
    std::optional<std::size_t> next_to_collect();
    void send_one(std::size_t index);
    void collect_one(std::size_t index);
    void fetch(std::size_t index, const JobView& job);

    void end_with(std::size_t index, std::optional<StepFailure> failure);
    void end_locked(std::size_t index, std::optional<StepFailure> failure);
    void end_unsent(const StepFailure& reason);
    void end_uncollected(const StepFailure& reason);
    bool stopping() const { return client_.stop().asked(); }
    void start_thread(void (Crew::*work)());
    RunProgress progress() const;

    GatewayClient& client_;
    ports::Clock& clock_;
    const CrewPlan plan_;
    Instant begin_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Picture> pictures_;
    std::vector<Instant> begun_;
    std::vector<std::uint64_t> bytes_sent_;
    std::deque<std::size_t> to_send_;
    std::deque<std::size_t> to_collect_;
    std::deque<std::size_t> to_tell_;  // ended, not yet reported
    std::size_t sending_ = 0;
    std::size_t ended_count_ = 0;
    bool first_is_sent_ = false;
    std::size_t threads_running_ = 0;
    std::vector<std::thread> threads_;  // last: they use everything above
};

}  // namespace darkroom::cli
