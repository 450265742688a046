#include "cli/progress_line.h"

#include <gtest/gtest.h>

#include "cli/fakes.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

RunProgress halfway() {
    RunProgress progress;
    progress.total = 24;
    progress.sent = 24;
    progress.succeeded = 11;
    progress.failed = 1;
    progress.elapsed = Milliseconds(6'000);
    return progress;
}

TEST(ProgressLine, ShowsTheRateAndTheTimeLeft) {
    EXPECT_EQ(progress_line(halfway(), 100),
              "Working  12/24  ################----------------  failed 1  eta 6.0 s  2.0/s");
}

TEST(ProgressLine, TimeComesFromTheClockOfTheRun) {
    fakes::JumpingClock clock;
    const auto begin = clock.monotonic();
    auto progress = halfway();
    clock.advance(Milliseconds(120'000));
    progress.elapsed = std::chrono::duration_cast<Milliseconds>(clock.monotonic() - begin);
    EXPECT_EQ(progress_line(progress, 80),
              "Working  12/24  ###############----------------  failed 1  eta 2 m 0 s  6.0/min");
}

TEST(ProgressLine, BeforeTheFirstResultItCountsBytes) {
    RunProgress progress;
    progress.total = 8;
    progress.sent = 2;
    progress.bytes_sent = 3'000'000;
    progress.bytes_total = 12'000'000;
    progress.elapsed = Milliseconds(1'500);
    EXPECT_EQ(progress_line(progress, 80),
              "Sending  2/8  ########------------------------  3.0 MB of 12.0 MB  2.0 MB/s");
    EXPECT_EQ(time_left(progress), Milliseconds(0)) << "nothing is known yet";
}

TEST(ProgressLine, NeverPromisesWithoutReason) {
    RunProgress progress;
    EXPECT_EQ(progress_line(progress, 40), "Working  0/0  " + std::string(25, '-'));
    progress.total = progress.sent = progress.succeeded = 3;
    EXPECT_EQ(time_left(progress), Milliseconds(0)) << "done";
    EXPECT_EQ(progress_line(progress, 40).find("eta"), std::string::npos);
}

TEST(ProgressLine, FitsIntoAnyTerminal) {
    auto progress = halfway();
    progress.sent = 20;
    progress.total = 123'456;
    for (int width = 1; width < 140; ++width)
        EXPECT_LE(display_width(progress_line(progress, width)), std::max(width - 1, 1)) << width;
    EXPECT_EQ(progress_line(halfway(), 40), "Working  12/24  ######-------  failed 1");
}

TEST(ProgressLine, SaysWhatIsWaitedForBeforeAnythingElse) {
    auto progress = halfway();
    progress.waits_for = human_stage("cold_start");
    const auto line = progress_line(progress, 80);
    EXPECT_NE(line.find("  a worker to start  failed 1"), std::string::npos) << line;
    for (const auto* stage : {"queue", "running", "", "something new"})
        EXPECT_EQ(human_stage(stage), "") << stage;
}

}  // namespace
}  // namespace darkroom::cli
