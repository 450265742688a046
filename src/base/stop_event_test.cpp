#include "base/stop_event.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace darkroom {
namespace {

bool is_readable(const StopEvent& event) {
    pollfd one{event.fd(), POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
}

TEST(StopEvent, IsReadableFromTheMomentItIsSetAndForEver) {
    StopEvent event;
    EXPECT_FALSE(event.is_set());
    EXPECT_FALSE(is_readable(event));
    event.set();
    event.set();
    EXPECT_TRUE(event.is_set());
    EXPECT_TRUE(is_readable(event));
    EXPECT_TRUE(is_readable(event)) << "looking does not clear it";
}

}  // namespace
}  // namespace darkroom
