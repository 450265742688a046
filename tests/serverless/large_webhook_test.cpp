// RunPod echoes the input and the output in its webhook, so that one may have 20 MB and more: it is answered
// at once, costs no memory, and never a 413, which would only burn its three tries.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool under_sanitizer = true;
#else
constexpr bool under_sanitizer = false;
#endif

std::uint64_t peak_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6));
    }
    return 0;
}

std::string token_in(const std::string& journal) {
    const auto at = journal.find("token=");
    return at == std::string::npos ? "" : journal.substr(at + 6, 54);
}

TEST(LargeWebhook, TwentyMegabytesAreAnsweredAtOnceAndNotKeptInMemory) {
    World world({.workers = 0});
    (void)world.client().create_with("bg_remove", disc_png(96, 64));
    ASSERT_TRUE(eventually([&] { return !token_in(world.endpoint().journal()).empty(); }));
    const auto target = "/webhooks/runpod-completion?token=" + token_in(world.endpoint().journal());
    std::string remote_id;
    for (const auto& entry : world.journal()) {
        if (entry.what == "submit") remote_id = entry.remote_id;
    }
    const auto output = R"({"image":")" + std::string(20u << 20, 'A') + "\"}";
    const auto body = webhook_body(remote_id, "COMPLETED", output);
    ASSERT_EQ(world.client().post(target, webhook_body(remote_id, "COMPLETED")).status, 200);
    const auto before = peak_kib(world.server().pid());
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(world.client().post(target, body).status, 200);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const auto grown = peak_kib(world.server().pid()) - before;
    std::cout << "a webhook of 20 MB: " << took.count() / 3 << " s, memory grew by " << grown / 1024.0
              << " MiB\n";
    EXPECT_EQ(world.client().post(target, std::string(60u << 20, 'A')).status, 200) << "never 413";
    if (under_sanitizer) GTEST_SKIP() << "a sanitizer's own memory grows with what the gateway touches";
    EXPECT_LT(grown, 8u << 10) << "KiB";
}

}  // namespace
}  // namespace darkroom::e2e
