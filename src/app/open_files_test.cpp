// A crowd at the door must not use up the files that the work needs.
#include "app/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

namespace darkroom::app {
namespace {

TEST(OpenFiles, AHabitualLimitIsRaisedToWhatTheSystemAllows) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit habitual = before;
    habitual.rlim_cur = std::min<rlim_t>(256, before.rlim_max);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &habitual), 0);
    const auto raised = raise_open_files_limit();
    rlimit after{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(after.rlim_cur, raised);
    EXPECT_EQ(raised, std::min<rlim_t>(before.rlim_max, 65'536));
    EXPECT_EQ(raise_open_files_limit(), raised) << "twice is safe";
    ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(OpenFiles, ConnectionsLeaveRoomForTheWork) {
    EXPECT_EQ(connections_for(65'536, 2'048), 2'048u);
    EXPECT_EQ(connections_for(2'560, 2'048), 2'048u);
    EXPECT_EQ(connections_for(2'559, 2'048), 2'047u);
    EXPECT_EQ(connections_for(1'024, 2'048), 512u);
    EXPECT_EQ(connections_for(600, 2'048), 300u);
    EXPECT_EQ(connections_for(0, 2'048), 16u);
}

}  // namespace
}  // namespace darkroom::app
