#include "http/system_resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace darkroom::http {
namespace {

std::string one_address(const std::string& host) {
    const auto found = SystemResolver().resolve(host);
    if (!found.ok()) return "failed";
    return found->size() == 1 ? found->front().str() : std::to_string(found->size()) + " addresses";
}

TEST(SystemResolver, GivesAnAddressThatIsOneAlready) {
    EXPECT_EQ(one_address("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(one_address("2001:db8::7"), "2001:db8::7") << "also without a route to it";
    EXPECT_EQ(one_address("::1"), "::1");
}

// What other programs would connect to for such a host is what the guard must see.
TEST(SystemResolver, ReadsOddFormsAsTheSystemDoes) {
    EXPECT_EQ(one_address("127.1"), "127.0.0.1");
    EXPECT_EQ(one_address("2130706433"), "127.0.0.1");
    EXPECT_EQ(one_address("0x7f000001"), "127.0.0.1");
}

TEST(SystemResolver, KnowsThisMachineByName) {
    const auto found = SystemResolver().resolve("localhost");
    ASSERT_TRUE(found.ok()) << found.error();
    for (const auto& address : *found) {
        EXPECT_TRUE(address.str() == "::1" || address.str().substr(0, 4) == "127.") << address.str();
        EXPECT_EQ(std::count(found->begin(), found->end(), address), 1) << "each once";
    }
}

TEST(SystemResolver, SaysInASentenceThatThereIsNoAddress) {
    SystemResolver resolver;
    for (const auto& bad : {std::string(), std::string("127.0.0.1\0.example", 18), std::string(300, 'a'),
                            std::string(64, 'a'), std::string("[::1]"), std::string("a b"),
                            std::string("a..b"), std::string("127.0.0.1:80"), std::string("name.invalid")}) {
        const auto found = resolver.resolve(bad);
        ASSERT_FALSE(found.ok()) << bad;
        EXPECT_EQ(found.error().back(), '.') << found.error();
        EXPECT_EQ(found.error().substr(0, 4), "The ") << found.error();
    }
}

TEST(SystemResolver, IsUsedByManyThreadsAtOnce) {
    SystemResolver resolver;
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] { EXPECT_TRUE(resolver.resolve("localhost").ok()); });
    for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace darkroom::http
