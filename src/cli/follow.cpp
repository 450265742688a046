#include "cli/follow.h"

#include <cstdlib>

#include "cli/interrupts.h"
#include "cli/report.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr Milliseconds default_timeout{24 * 3'600'000};
// Somebody who looks at a progress line also presses Ctrl-C: a held request should not keep the process long.
constexpr Milliseconds watched_wait_slice{5'000};
constexpr Milliseconds threads_leave_within{500};

/// The threads of a crew that is left early may hang in a held request. What they hold is nothing that needs
/// care (partial files go when the download is asked to stop), so after a moment the process ends around
/// them.
void leave_around(Program& program, Crew& crew, ExitCode code) {
    if (crew.wait_for_threads(threads_leave_within)) return;
    program.console.flush();
    if (program.wiring.end_process) return program.wiring.end_process(static_cast<int>(code));
    std::_Exit(static_cast<int>(code));
}

}  // namespace

ExitCode follow(Program& program, Connection& connection, CrewPlan plan, std::vector<Picture> pictures) {
    auto& console = program.console;
    auto& clock = program.wiring.clock;
    const auto begin = clock.monotonic();
    plan.deadline = begin + program.line.timeout.value_or(default_timeout);
    plan.poll_pause = program.wiring.retry.poll_pause;
    if (console.traits().animation) plan.wait_slice = watched_wait_slice;

    const Interrupts interrupts([&program] { program.stop.ask(); });
    Crew crew(*connection.client, clock, std::move(plan), std::move(pictures));
    const auto end = crew.watch([&](const Picture& picture) { tell_ended(program, picture); },
                                [&](const RunProgress& progress) {
                                    console.show_progress(progress_line(progress, console.traits().width));
                                });
    const auto elapsed = std::chrono::duration_cast<Milliseconds>(clock.monotonic() - begin);
    if (end == CrewEnd::done) return tell_results(program, crew.pictures(), elapsed);

    const auto code = end == CrewEnd::stopped ? ExitCode::interrupted : ExitCode::timed_out;
    const auto last_seen = crew.pictures();
    console.clear_progress();
    console.problem(end == CrewEnd::stopped ? "Stopped watching."
                                            : "The time is up after " + human_duration(elapsed) + ".");
    tell_results(program, last_seen, elapsed);
    tell_how_to_resume(program, last_seen, connection.embedded != nullptr);
    connection.embedded.reset();  // its end also ends the requests that it holds
    leave_around(program, crew, code);
    return code;
}

}  // namespace darkroom::cli
