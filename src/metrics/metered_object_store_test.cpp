#include "metrics/metered_object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/manual_clock.h"
#include "tests/support/memory_object_store.h"
#include "tests/support/temp_dir.h"

namespace darkroom::metrics {
namespace {

using ports::ObjectErrorKind;
using ::testing::ElementsAre;

struct Recorder : ports::Meters {
    void storage_op(const ports::StorageOp& op) override {
        ops.push_back(std::string(op.store) + " " + std::string(op.op) + " " + std::string(op.outcome));
        took += op.took;
    }
    void storage_bytes(std::string_view /*store*/, ports::StorageDirection direction,
                       std::uint64_t bytes) override {
        (direction == ports::StorageDirection::in ? in : out) += bytes;
    }
    std::vector<std::string> ops;
    std::chrono::nanoseconds took{0};
    std::uint64_t in = 0;
    std::uint64_t out = 0;
};

class MeteredStore : public ::testing::Test {
protected:
    MeteredStore() {
        auto memory = std::make_unique<darkroom::testing::MemoryObjectStore>();
        behind = memory.get();
        store = std::make_unique<MeteredObjectStore>(std::move(memory), "main", meters, clock);
    }
    std::filesystem::path file_of(std::size_t bytes) {
        auto path = dir.path() / "file";
        std::ofstream(path) << std::string(bytes, 'x');
        return path;
    }

    const core::ObjectKey key =
        core::ObjectKey::thumbnail(*JobId::parse("00000000-0000-4000-8000-000000000001"));
    darkroom::testing::TempDir dir;
    darkroom::testing::ManualClock clock;
    Recorder meters;
    darkroom::testing::MemoryObjectStore* behind = nullptr;
    std::unique_ptr<MeteredObjectStore> store;
};

TEST_F(MeteredStore, CountsBytesThatGoInOnceTheyAreThere) {
    behind->fail_next("put", ObjectErrorKind::full);
    EXPECT_FALSE(store->put_file(key, file_of(100)));
    EXPECT_EQ(meters.in, 0U);
    EXPECT_TRUE(store->put_file(key, file_of(100)));
    EXPECT_EQ(meters.in, 100U);
    EXPECT_THAT(meters.ops, ElementsAre("main put full", "main put ok"));
}

TEST_F(MeteredStore, CountsBytesThatComeOutAsTheyAreRead) {
    behind->client_puts(key, std::string(1'000, 'x'));
    auto reader = store->open(key);
    ASSERT_TRUE(reader);
    EXPECT_EQ(meters.out, 0U);
    std::array<char, 300> buffer{};
    ASSERT_TRUE((*reader)->read(buffer));
    EXPECT_EQ(meters.out, 300U);
    EXPECT_EQ((*reader)->bytes(), 1'000U);
}

TEST_F(MeteredStore, TellsWhatWentWrongInAWord) {
    EXPECT_FALSE(store->head(key));
    behind->client_puts(key, "x");
    behind->fail_next("head", ObjectErrorKind::denied);
    EXPECT_FALSE(store->head(key));
    EXPECT_THAT(meters.ops, ElementsAre("main head missing", "main head denied"));
}

TEST_F(MeteredStore, TellsHowLongACallTook) {
    behind->client_puts(key, "x");
    behind->before_open([this] { clock.advance(Milliseconds(40)); });
    ASSERT_TRUE(store->open(key));
    EXPECT_EQ(meters.took, std::chrono::milliseconds(40));
}

TEST_F(MeteredStore, CanDoWhatTheOneBehindCan) {
    EXPECT_EQ(store->capabilities().presigns, behind->capabilities().presigns);
}

}  // namespace
}  // namespace darkroom::metrics
