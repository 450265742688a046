// An object of 1 GiB goes up and comes back in constant memory, as a file and as a stream.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
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

/// So many bytes out of nothing, in which no two blocks are alike.
class EndlessSource : public ports::ByteSource {
public:
    explicit EndlessSource(std::uint64_t bytes) : left_(bytes) {}
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
        const auto count = std::min<std::uint64_t>({left_, buffer.size(), block_.size()});
        std::snprintf(block_.data(), 21, "%020llu", static_cast<unsigned long long>(left_));
        std::memcpy(buffer.data(), block_.data(), count);
        left_ -= count;
        return static_cast<std::size_t>(count);
    }

private:
    std::string block_ = pattern(MiB / 16);
    std::uint64_t left_;
};

class LargeObjectTest : public S3Test {
protected:
    /// What was stored is read and compared by its digest; how much memory that took on top of `idle`.
    static void read_back(StoreAt& store, const ObjectKey& key, const ports::ObjectInfo& stored,
                          std::uint64_t idle) {
        reset_peak();
        const auto begin = std::chrono::steady_clock::now();
        auto reader = store->open(key);
        ASSERT_TRUE(reader.ok()) << reader.error().detail;
        EXPECT_EQ((*reader)->bytes(), stored.bytes);
        Sha256 digest;
        std::string buffer(MiB / 4, '\0');
        for (std::uint64_t at = 0; at < stored.bytes;) {
            const auto got = (*reader)->read(buffer);
            ASSERT_TRUE(got.ok()) << got.error().detail;
            ASSERT_GT(*got, 0u);
            digest.update(std::string_view(buffer).substr(0, *got));
            at += *got;
        }
        report("down", stored.bytes, begin, idle);
        EXPECT_EQ(to_hex(digest.finish()), stored.sha256);
    }
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
    /// Prints what it took, and fails if that was too much memory.
    static void report(const char* what, std::uint64_t bytes, Instant begin, std::uint64_t idle) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        const auto peak = peak_resident_bytes();
        const auto growth = peak > idle ? peak - idle : 0;
        const auto in_mib = [](std::uint64_t count) {
            return static_cast<double>(count) / static_cast<double>(MiB);
        };
        std::printf("%s: %.0f MiB/s, %.1f MiB of memory on top of %.1f\n", what, in_mib(bytes) / took.count(),
                    in_mib(growth), in_mib(idle));
        EXPECT_LE(growth, growth_max);
    }
    /// The memory that is there before anything large moves.
    std::uint64_t idle_bytes(StoreAt& store) {
        EXPECT_TRUE(store->head(picture_).error().kind == ObjectErrorKind::missing);  // connected, warm
        reset_peak();
        return peak_resident_bytes();
    }
};

TEST_F(LargeObjectTest, AFileOfOneGibibyteGoesUpAndComesBackInConstantMemory) {
    constexpr std::uint64_t bytes = 1024 * MiB;
    StoreAt store(direct_settings());
    const auto source = make_file(bytes);
    const auto idle = idle_bytes(store);
    ASSERT_GT(idle, 0u);
    const auto begin = std::chrono::steady_clock::now();
    const auto put = store->put_file(output_, source);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(put->bytes, bytes);
    report("file up", bytes, begin, idle);
    read_back(store, output_, *put, idle);
}

TEST_F(LargeObjectTest, AStreamGoesUpAndComesBackInConstantMemory) {
    constexpr std::uint64_t bytes = 512 * MiB + 77;
    StoreAt store(direct_settings());
    const auto idle = idle_bytes(store);
    EndlessSource source(bytes);
    const auto begin = std::chrono::steady_clock::now();
    const auto put = store->put(output_, source);
    ASSERT_TRUE(put.ok()) << put.error().detail;
    EXPECT_EQ(put->bytes, bytes);
    report("stream up", bytes, begin, idle);
    read_back(store, output_, *put, idle);
}

}  // namespace
}  // namespace darkroom::s3
