#include "tests/e2e/node_process.h"

#include <gtest/gtest.h>

#include "tests/e2e/pictures.h"

namespace darkroom::e2e {
namespace {

constexpr Milliseconds short_patience{500};

int status_of(const NodeProcess& node, Milliseconds patience) {
    auto client = node.client();
    client.set_patience(patience);
    return client.get("/api/v1/jobs").status;
}

TEST(NodeProcess, SaysNothingWhilePausedAndGoesOnAfterwards) {
    NodeProcess one({.name = "one"});
    NodeProcess other({.name = "other"});
    EXPECT_EQ(one.client().key(), other.client().key());
    const auto upload = one.client().upload(disc_png(64, 64));
    one.pause();
    EXPECT_EQ(status_of(one, short_patience), 0);
    EXPECT_EQ(status_of(other, Milliseconds(20'000)), 200) << "the others do not notice";
    one.resume();
    const auto id = one.client().create("jpeg_to_png", "{}", upload);
    EXPECT_EQ(text_at(one.client().ended_job(id), "/status"), "SUCCEEDED");
}

TEST(NodeProcess, IsKilledEvenWhilePausedAndComesBackWithItsData) {
    NodeProcess node({.name = "one"});
    const auto id = node.client().create_with("jpeg_to_png", disc_png(64, 64));
    (void)node.client().ended_job(id);
    node.pause();
    node.kill9();
    EXPECT_EQ(status_of(node, short_patience), 0);
    node.start();
    EXPECT_EQ(text_at(node.client().job(id), "/status"), "SUCCEEDED");
    EXPECT_EQ(node.terminate().code, 0);
}

TEST(NodeProcess, IsReachedOnAHostOfItsOwnUntilThatIsCutOff) {
    if (const auto why = testing::why_no_network_namespace(); !why.empty()) GTEST_SKIP() << why;
    testing::NetworkNamespace network;
    NodeProcess node({.name = "far", .network = &network});
    const auto id = node.client().create_with("jpeg_to_png", disc_png(64, 64));
    EXPECT_EQ(text_at(node.client().ended_job(id), "/status"), "SUCCEEDED");
    network.cut();
    EXPECT_EQ(status_of(node, short_patience), 0);
    network.heal();
    EXPECT_EQ(status_of(node, Milliseconds(20'000)), 200);
    node.kill9();
    node.start();
    EXPECT_EQ(text_at(node.client().job(id), "/status"), "SUCCEEDED");
}

}  // namespace
}  // namespace darkroom::e2e
