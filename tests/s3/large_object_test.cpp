// An object of 1 GiB goes up and comes back in constant memory.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

constexpr std::uint64_t MiB = std::uint64_t{1} << 20;
constexpr std::uint64_t growth_max = 40 * MiB;

/// The most memory that was resident since the last reset.
std::uint64_t peak_resident_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("VmHWM:")) continue;
        std::uint64_t kib = 0;
        std::istringstream(line.substr(6)) >> kib;
        return kib * 1024;
    }
    return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

class LargeObjectTest : public S3Test {
protected:
    /// A file in which no two blocks are alike.
    std::filesystem::path make_file(std::uint64_t bytes) {
        auto path = folder_.path() / "large.png";
        std::ofstream out(path, std::ios::binary);
        auto block = pattern(MiB);
        for (std::uint64_t at = 0; at < bytes; at += block.size()) {
            std::snprintf(block.data(), 21, "%020llu", static_cast<unsigned long long>(at));
            out.write(block.data(), static_cast<std::streamsize>(block.size()));
        }
        return path;
    }
    static void report(const char* what, std::uint64_t bytes, Instant begin, std::uint64_t growth) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::printf("%s: %.0f MiB/s, %.1f MiB more memory\n", what,
                    static_cast<double>(bytes) / static_cast<double>(MiB) / took.count(),
                    static_cast<double>(growth) / static_cast<double>(MiB));
    }
};

TEST_F(LargeObjectTest, OneGibibyteGoesUpAndComesBackInConstantMemory) {
    constexpr std::uint64_t bytes = 1024 * MiB;
    StoreAt store(direct_settings());
    const auto source = make_file(bytes);
    ASSERT_TRUE(put_bytes(*store, picture_, pattern(MiB)).ok());  // whatever is made once is made now
    reset_peak();
    const auto idle = peak_resident_bytes();
    ASSERT_GT(idle, 0u);

    auto begin = std::chrono::steady_clock::now();
    const auto put = store->put_file(output_, source);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(put->bytes, bytes);
    const auto up = peak_resident_bytes() - idle;
    report("up", bytes, begin, up);
    EXPECT_LE(up, growth_max);

    reset_peak();
    begin = std::chrono::steady_clock::now();
    auto reader = store->open(output_);
    ASSERT_TRUE(reader.ok()) << reader.error().detail;
    EXPECT_EQ((*reader)->bytes(), bytes);
    Sha256 digest;
    std::string buffer(256 * 1024, '\0');
    for (std::uint64_t at = 0; at < bytes;) {
        const auto got = (*reader)->read(buffer);
        ASSERT_TRUE(got.ok()) << got.error().detail;
        ASSERT_GT(*got, 0u);
        digest.update(std::string_view(buffer).substr(0, *got));
        at += *got;
    }
    const auto peak = peak_resident_bytes();
    const auto down = peak > idle ? peak - idle : 0;
    report("down", bytes, begin, down);
    EXPECT_LE(down, growth_max);
    EXPECT_EQ(to_hex(digest.finish()), put->sha256);
}

}  // namespace
}  // namespace darkroom::s3
