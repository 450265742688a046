// Whose job is next: every user gets a share of the work, however many jobs he has queued.
//
// Each job that is let into the line gets a virtual time, and the smallest one is worked on first. A user's
// jobs stand one cost apart, and a user who comes anew begins where the line is now; so with A's 10,000 jobs
// in the queue, B's first is next. Who weighs twice as much pays half for each job. Only a few jobs of each
// user are in the line (the window); the rest waits in the user's own backlog, by priority, then age. So a
// user with millions of jobs has a few rows where others look, and one who may have no more at work has none.
//
// A user's places in the line are the user's, not the jobs': the better job always has the earlier place, and
// one that comes in late pushes the others back, out of the window if need be. Pure: values in, values out.
#pragma once
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace darkroom::core {

/// What a job costs a user of weight 1, in virtual time.
inline constexpr std::int64_t fair_cost = 1'000'000;
inline constexpr int default_admission_window = 64;

/// Where a job stands among those of its user: by priority, then age.
struct Turn {
    std::int64_t rank = 0;  // -priority
    std::int64_t job_seq = 0;
    auto operator<=>(const Turn&) const = default;  // NOLINT(modernize-use-nullptr): its mistake
};
/// After all that were ever let in, or before: nobody is.
inline constexpr Turn first_turn{std::numeric_limits<std::int64_t>::min(), 0};

/// A place in the line and who has it.
struct Standing {
    Turn turn;
    std::int64_t vt = 0;
    bool operator==(const Standing&) const = default;
};

/// What one user may have of one kind of backend.
struct FairShare {
    int weight = 1;
    std::optional<int> inflight_max;
    bool operator==(const FairShare&) const = default;
};

/// How many jobs of the user may be in the line and at work together; at least one.
std::int64_t admission_limit(const FairShare& share, int window);

/// How the user stands before jobs come and go. Vectors in any order.
struct Arrivals {
    FairShare share;
    std::int64_t lane_vt = 0;  // the largest virtual time that was claimed
    std::int64_t last_vt = 0;  // of the user's last place in the line
    std::int64_t room = 0;     // so many more may be in line and at work; negative = there are too many

    std::vector<Turn> arriving;
    std::vector<Turn> backlog;           // its best ones, at least `room` of them if there are so many
    std::vector<Standing> standing;      // empty, if all that arrives comes after all that stands
    std::vector<std::int64_t> returned;  // places of jobs that left the line without being claimed; then
                                         // `standing` is complete
};

/// What is to be done about it.
struct Admission {
    std::vector<Standing> enter;       // in line now, the first one first
    std::vector<Turn> wait;            // arrived, into the backlog
    std::vector<Turn> called;          // out of the backlog; they are among `enter`
    std::vector<Standing> pushed_out;  // into the backlog, out of these places
    struct Move {
        Standing from;
        std::int64_t to_vt = 0;
    };
    std::vector<Move> move;
    std::int64_t last_vt = 0;
    Turn last_turn = first_turn;  // of the last one in line, of those that were named
};

Admission admit(const Arrivals& arrivals);

}  // namespace darkroom::core
