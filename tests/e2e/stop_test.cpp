// A server that is told to end ends, whatever it is waiting for.
#include <gtest/gtest.h>

#include "tests/e2e/server_process.h"
#include "tests/support/fault_proxy.h"

namespace darkroom::e2e {
namespace {

TEST(Stop, AStorageThatSaysNothingDoesNotKeepAServerFromEnding) {
    testing::FaultProxy silent;
    silent.set_door(testing::FaultProxy::Door::hold);
    ServerProcess server(Settings{{"S3_BUCKET", "pictures"},
                                  {"S3_ENDPOINT", silent.endpoint()},
                                  {"AWS_ACCESS_KEY_ID", "key-of-this-test"},
                                  {"AWS_SECRET_ACCESS_KEY", "secret-of-this-test"}});
    ASSERT_TRUE(eventually([&] { return silent.connections() > 0; })) << "it looks at its storage first";
    EXPECT_EQ(server.client().get("/api/v1/types").status, 200) << "and answers all the same";
    (void)server.terminate(Milliseconds(45'000));
    EXPECT_TRUE(server.descendants().empty());
}

TEST(Stop, AServerWithNothingToDoEndsAtOnce) {
    ServerProcess server;
    EXPECT_EQ(server.terminate(Milliseconds(5'000)).code, 0);
}

}  // namespace
}  // namespace darkroom::e2e
