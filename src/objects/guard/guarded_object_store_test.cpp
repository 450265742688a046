#include "objects/guard/guarded_object_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>
#include <vector>

#include "tests/support/breakable_object_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_object_store.h"
#include "tests/support/temp_dir.h"

namespace darkroom::objects {
namespace {

using ports::ObjectErrorKind;

const core::ObjectKey& a_key() {
    static const auto key = core::ObjectKey::probe(UploadId());
    return key;
}

// Accepts every call and says nothing until the test lets it speak.
class SilentStore : public darkroom::testing::UnusedObjectStore {
public:
    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey&) override { return listen(); }
    ports::ObjectResult<ports::ObjectInfo> put_file(const core::ObjectKey&,
                                                    const std::filesystem::path&) override {
        return listen();
    }

    void be_silent() {
        const std::lock_guard lock(mutex_);
        silent_ = true;
    }
    /// Those who wait are answered so.
    void speak(std::optional<ObjectErrorKind> error) {
        const std::lock_guard lock(mutex_);
        silent_ = false;
        error_ = error;
        changed_.notify_all();
    }
    void wait_until_waiting(int calls) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ >= calls; });
    }
    int asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    ports::ObjectResult<ports::ObjectInfo> listen() {
        std::unique_lock lock(mutex_);
        ++asked_;
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !silent_; });
        --waiting_;
        if (error_) return Fail(ports::ObjectError{*error_, "as the test says"});
        return ports::ObjectInfo{};
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool silent_ = false;
    int waiting_ = 0;
    int asked_ = 0;
    std::optional<ObjectErrorKind> error_;
};

class GuardTest : public ::testing::Test {
protected:
    StorageSignals signals() {
        return {[this]() -> std::optional<std::string> {
                    if (in_trouble_) return "it does not answer";
                    return std::nullopt;
                },
                [this] { ++doubts_; }};
    }

    darkroom::testing::ManualClock clock_;
    std::atomic<bool> in_trouble_{false};
    std::atomic<int> doubts_{0};
};

class GuardOverAStore : public GuardTest {
protected:
    /// Every call that asks the store, by its outcome.
    std::vector<std::optional<ObjectErrorKind>> all_calls() {
        const auto kind = [](const auto& result) {
            return result ? std::nullopt : std::optional(result.error().kind);
        };
        class Nothing : public ports::ByteSource {
            ports::ObjectResult<std::size_t> read(std::span<char>) override { return std::size_t{0}; }
        } nothing;
        const std::vector<core::ObjectKey> keys = {a_key()};
        return {kind(guard_.put(a_key(), nothing)),
                kind(guard_.put_file(a_key(), folder_.path() / "none")),
                kind(guard_.open(a_key())),
                kind(guard_.head(a_key())),
                kind(guard_.copy(a_key(), a_key())),
                kind(guard_.remove(a_key())),
                kind(guard_.remove_many(keys)),
                kind(guard_.list("uploaded/", "", 10)),
                kind(guard_.remove_unfinished(TimePoint{}, true))};
    }

    darkroom::testing::TempDir folder_;
    darkroom::testing::MemoryObjectStore memory_;
    darkroom::testing::BreakableObjectStore store_{memory_};
    GuardedObjectStore guard_{store_, signals(), clock_};
};

TEST_F(GuardOverAStore, PassesEverythingOnWhileAllIsWell) {
    memory_.client_puts(a_key(), "picture");
    EXPECT_TRUE(guard_.head(a_key()).ok());
    auto reader = guard_.open(a_key());
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ((*reader)->bytes(), 7u);
    std::string read;
    char buffer[16];
    for (auto piece = (*reader)->read(buffer); piece && *piece > 0; piece = (*reader)->read(buffer))
        read.append(buffer, *piece);
    EXPECT_EQ(read, "picture");
    EXPECT_EQ(guard_.capabilities().presigns, store_.capabilities().presigns);
    EXPECT_EQ(guard_.presign_get(a_key(), {}).url, store_.presign_get(a_key(), {}).url);
    EXPECT_EQ(doubts_, 0);
}

TEST_F(GuardOverAStore, AsksNothingWhileTheStorageIsInTrouble) {
    in_trouble_ = true;
    store_.break_with(ObjectErrorKind::denied);  // what would be heard if it were asked
    for (const auto& outcome : all_calls()) EXPECT_EQ(outcome, ObjectErrorKind::unavailable);
    EXPECT_EQ(guard_.head(a_key()).error().detail, "not asked, it is in trouble: it does not answer");
    EXPECT_EQ(doubts_, 0) << "it is known";
    in_trouble_ = false;
    EXPECT_EQ(guard_.head(a_key()).error().kind, ObjectErrorKind::denied) << "asked again at once";
}

TEST_F(GuardOverAStore, TellsTheGateOfEveryErrorThatSaysLater) {
    store_.break_with(ObjectErrorKind::unavailable);
    const auto outcomes = all_calls();
    for (const auto& outcome : outcomes) EXPECT_EQ(outcome, ObjectErrorKind::unavailable);
    EXPECT_EQ(doubts_, static_cast<int>(outcomes.size()));
    for (const auto kind : {ObjectErrorKind::missing, ObjectErrorKind::changed, ObjectErrorKind::full,
                            ObjectErrorKind::denied, ObjectErrorKind::misconfigured}) {
        store_.break_with(kind);
        for (const auto& outcome : all_calls()) EXPECT_EQ(outcome, kind);
    }
    EXPECT_EQ(doubts_, static_cast<int>(outcomes.size())) << "these are answers";
}

TEST_F(GuardOverAStore, TellsTheGateOfAReadThatBreaksOff) {
    memory_.client_puts(a_key(), "picture");
    memory_.fail_next("read", ObjectErrorKind::unavailable);
    auto reader = guard_.open(a_key());
    ASSERT_TRUE(reader.ok());
    char buffer[16];
    ASSERT_TRUE((*reader)->read(buffer).ok());
    EXPECT_EQ(doubts_, 0);
    const auto rest = (*reader)->read(buffer);
    ASSERT_FALSE(rest.ok());
    EXPECT_EQ(rest.error().kind, ObjectErrorKind::unavailable);
    EXPECT_EQ(doubts_, 1);
}

class GuardOverSilence : public GuardTest {
protected:
    ~GuardOverSilence() override {
        store_.speak(std::nullopt);
        for (auto& thread : threads_) thread.join();
    }
    void begin(int calls) {
        for (int i = 0; i < calls; ++i) {
            const auto before = static_cast<int>(threads_.size());
            threads_.emplace_back([this] { (void)guard_.head(a_key()); });
            store_.wait_until_waiting(before + 1);
        }
    }

    SilentStore store_;
    GuardedObjectStore guard_{store_, signals(), clock_};
    std::vector<std::thread> threads_;
};

TEST_F(GuardOverSilence, LetsFewHandlersWaitInVain) {
    store_.be_silent();
    begin(8);
    clock_.advance(Milliseconds(10'000));
    EXPECT_EQ(doubts_, 0);
    begin(1);  // the one that tries
    for (int i = 0; i < 1'000; ++i)
        EXPECT_EQ(guard_.head(a_key()).error().kind, ObjectErrorKind::unavailable);
    EXPECT_EQ(doubts_, 1) << "one is enough";
    EXPECT_EQ(store_.asked(), 9);
    clock_.advance(Milliseconds(10'000));
    begin(1);
    EXPECT_EQ(guard_.head(a_key()).error().detail, "not asked, calls wait for its answer in vain");
    EXPECT_EQ(store_.asked(), 10);
    store_.speak(ObjectErrorKind::missing);  // which is an answer
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    EXPECT_EQ(guard_.head(a_key()).error().kind, ObjectErrorKind::missing);
    EXPECT_EQ(store_.asked(), 11);
}

TEST_F(GuardOverSilence, TakesSlowCallsForWhatTheyAreAsLongAsOthersAreAnswered) {
    store_.be_silent();
    begin(8);
    clock_.advance(Milliseconds(60'000));
    begin(1);
    store_.speak(std::nullopt);
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    store_.be_silent();
    begin(20);  // answered a moment ago, so all of them may
    EXPECT_EQ(store_.asked(), 29);
    EXPECT_EQ(doubts_, 1) << "by the ninth";
}

TEST_F(GuardOverSilence, GivesLargePutsMoreTime) {
    store_.be_silent();
    for (int i = 0; i < 8; ++i) {
        threads_.emplace_back([this] { (void)guard_.put_file(a_key(), "unused"); });
        store_.wait_until_waiting(i + 1);
    }
    clock_.advance(Milliseconds(59'000));
    begin(2);
    EXPECT_EQ(doubts_, 0);
    clock_.advance(Milliseconds(1'000));
    begin(1);
    EXPECT_FALSE(guard_.head(a_key()).ok());
    EXPECT_EQ(store_.asked(), 11);
}

TEST_F(GuardOverSilence, WaitsInVainNoMoreOnceItsCallsHaveFailed) {
    store_.be_silent();
    begin(8);
    clock_.advance(Milliseconds(120'000));
    store_.speak(ObjectErrorKind::unavailable);
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    EXPECT_EQ(doubts_, 8);
    in_trouble_ = true;  // the gate has looked
    EXPECT_FALSE(guard_.head(a_key()).ok());
    EXPECT_EQ(store_.asked(), 8);
}

}  // namespace
}  // namespace darkroom::objects
