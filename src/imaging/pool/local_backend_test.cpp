// The Backend port over real pixel processes, with an object store and a listener that the test plays.
#include "imaging/pool/local_backend.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>

#include "base/digest.h"
#include "imaging/pool/testing/stored_png.h"
#include "tests/support/manual_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unused_object_store.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;

/// One object in memory, and others by their keys; with or without descriptors of their own.
class OneObject final : public darkroom::testing::UnusedObjectStore {
public:
    explicit OneObject(std::string content) : bytes(std::move(content)) {}
    std::string bytes;
    std::map<std::string, std::string> others;
    std::string version = "1";
    bool has_fd = false;
    std::optional<ports::ObjectErrorKind> broken;

    class Reader final : public ports::ObjectReader {
    public:
        Reader(const OneObject& object, const std::string& bytes)
            : object_(object), bytes_(bytes), fd_(::memfd_create("object", MFD_CLOEXEC)) {
            EXPECT_EQ(::write(fd_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
        }
        std::uint64_t bytes() const override { return bytes_.size(); }
        Result<std::size_t, ports::ObjectError> read(std::span<char> buffer) override {
            const std::size_t part =
                bytes_.copy(buffer.data(), std::min<std::size_t>(buffer.size(), 1'000), at_);
            at_ += part;
            return part;
        }
        int fd() const override { return object_.has_fd ? fd_.get() : -1; }

    private:
        const OneObject& object_;
        const std::string bytes_;
        UniqueFd fd_;
        std::size_t at_ = 0;
    };

    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override {
        if (!options.version.empty() && options.version != version)
            return Fail(ports::ObjectError{ports::ObjectErrorKind::changed, "another version"});
        if (broken) return Fail(ports::ObjectError{*broken, "as the test asks"});
        const auto other = others.find(key.str());
        return std::unique_ptr<ports::ObjectReader>(
            std::make_unique<Reader>(*this, other != others.end() ? other->second : bytes));
    }
};

std::string digest_of(const std::string& bytes) {
    Sha256 digest;
    digest.update(bytes);
    return to_hex(digest.finish());
}

class Listener final : public ports::AttemptSink {
public:
    void attempt_started(const AttemptId& attempt) override {
        const std::lock_guard lock(mutex_);
        started_.push_back(attempt);
        changed_.notify_all();
    }
    void attempt_finished(const AttemptId& attempt, ports::WorkResult result) override {
        const std::lock_guard lock(mutex_);
        EXPECT_TRUE(finished_.emplace(attempt, std::move(result)).second) << "told twice";
        changed_.notify_all();
    }
    bool wait_started(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return started_.size() >= count; });
    }
    /// nullptr if nothing is heard in time.
    const ports::WorkResult* wait_finished(const AttemptId& attempt) {
        std::unique_lock lock(mutex_);
        const bool heard =
            changed_.wait_for(lock, std::chrono::seconds(30), [&] { return finished_.count(attempt) != 0; });
        return heard ? &finished_.at(attempt) : nullptr;
    }
    std::size_t finished() {
        const std::lock_guard lock(mutex_);
        return finished_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<AttemptId> started_;
    std::map<AttemptId, ports::WorkResult> finished_;
};

class LocalBackendTest : public ::testing::Test {
protected:
    void open(int inflight_max = 2, int processes_for_others = 0) {
        LocalBackendOptions options;
        options.inflight_max = inflight_max;
        options.processes_for_others = processes_for_others;
        options.pool.program = DARKROOM_IMAGING_PROGRAM;
        options.pool.work_dir = folder_.path();
        options.pool.allow_probes = true;
        options.model_of = model_of_;
        auto opened = LocalBackend::open(std::move(options), objects_, clock_, random_);
        ASSERT_TRUE(opened) << opened.error();
        backend_ = *std::move(opened);
    }
    ports::WorkOrder order(const std::string& type = "upscale_2k",
                           const std::string& params = R"({"v":1,"target":256})") {
        core::InputImage image;
        image.key = core::ObjectKey::uploaded(random_.id<UploadId>(), "png");
        image.bytes = objects_.bytes.size();
        ports::WorkOrder work;
        work.job = random_.id<JobId>();
        work.attempt = random_.id<AttemptId>();
        work.type = type;
        work.params_effective_json = params;
        work.inputs = {image};
        work.time_limit = Milliseconds(60'000);
        return work;
    }
    ErrorCode failure_of(ports::WorkOrder work) {
        const AttemptId attempt = work.attempt;
        backend_->start(std::move(work), listener_);
        const auto* result = listener_.wait_finished(attempt);
        EXPECT_TRUE(result != nullptr && !result->ok());
        return result != nullptr && !result->ok() ? result->error().code : ErrorCode::internal;
    }

    testing::TempDir folder_;
    testing::ManualClock clock_;
    testing::SeededRandom random_{1};
    OneObject objects_{testing::stored_png(100, 80)};
    Listener listener_;
    ModelOf model_of_;
    std::unique_ptr<LocalBackend> backend_;
};

TEST_F(LocalBackendTest, AnOrderIsStartedAndFinishedWithItsFiles) {
    for (const bool has_fd : {false, true}) {
        objects_.has_fd = has_fd;
        open();
        EXPECT_EQ(backend_->endpoint().backend, "local");
        EXPECT_EQ(backend_->endpoint().inflight_max, 2);
        const auto work = order();
        backend_->start(work, listener_);
        const auto* result = listener_.wait_finished(work.attempt);
        ASSERT_NE(result, nullptr);
        ASSERT_TRUE(result->ok()) << result->error().message;
        ASSERT_EQ((*result)->files.size(), 2u);
        EXPECT_EQ((*result)->files[0].width, 256u);
        EXPECT_TRUE(std::filesystem::exists((*result)->files[0].path));
        EXPECT_NE((*result)->measures_json.find("consistency_db"), std::string::npos);
        backend_.reset();
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    }
}

TEST_F(LocalBackendTest, TroubleWithTheInputHasItsOwnCodes) {
    open();
    auto without = order();
    without.inputs.clear();
    EXPECT_EQ(failure_of(std::move(without)), ErrorCode::input_missing);
    auto changed = order();
    changed.inputs[0].bytes += 1;
    EXPECT_EQ(failure_of(std::move(changed)), ErrorCode::input_changed);
    auto other_version = order();
    other_version.inputs[0].version = "0";
    EXPECT_EQ(failure_of(std::move(other_version)), ErrorCode::input_changed);
    auto other_bytes = order();
    other_bytes.inputs[0].sha256 = std::string(64, '0');
    EXPECT_EQ(failure_of(std::move(other_bytes)), ErrorCode::input_changed);
    EXPECT_EQ(failure_of(order("upscale_2k", "[")), ErrorCode::params_invalid);
    EXPECT_EQ(failure_of(order("no_such_type")), ErrorCode::recipe_not_found);
    objects_.broken = ports::ObjectErrorKind::missing;
    EXPECT_EQ(failure_of(order()), ErrorCode::input_missing);
    objects_.broken = ports::ObjectErrorKind::unavailable;
    EXPECT_EQ(failure_of(order()), ErrorCode::storage_unavailable);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(LocalBackendTest, ARegionsMaskIsTheInputOfThatNameOrTheSecond) {
    open();
    const auto with_mask = [&](const std::string& word, const std::string& input_name) {
        auto work = order("object_remove", R"({"v":1,"region":{"mask":")" + word + R"("}})");
        core::InputImage mask;
        mask.name = input_name;
        mask.key = core::ObjectKey::uploaded(random_.id<UploadId>(), "png");
        objects_.others[mask.key.str()] = testing::stored_mask(100, 80);
        work.inputs.push_back(mask);
        return work;
    };
    for (const auto& [word, name] : {std::pair("hole.png", "hole.png"), std::pair("mask", "hole.png")}) {
        const auto work = with_mask(word, name);
        backend_->start(work, listener_);
        const auto* result = listener_.wait_finished(work.attempt);
        ASSERT_NE(result, nullptr);
        ASSERT_TRUE(result->ok()) << word << result->error().message;
        EXPECT_NE((*result)->measures_json.find("region_share"), std::string::npos);
    }
    EXPECT_EQ(failure_of(with_mask("other.png", "hole.png")), ErrorCode::input_missing);
    auto alone = with_mask("mask", "hole.png");
    alone.inputs.pop_back();
    EXPECT_EQ(failure_of(std::move(alone)), ErrorCode::input_missing);
    auto small = with_mask("mask", "mask");
    objects_.others[small.inputs[1].key.str()] = testing::stored_mask(80, 100);
    EXPECT_EQ(failure_of(std::move(small)), ErrorCode::mask_size_mismatch);
}

TEST_F(LocalBackendTest, ANetworkThatIsNotTheOneOfTheRecipeIsNeverHandedToAPixelProcess) {
    const auto file = folder_.path() / "net.onnx";
    std::ofstream(file) << "other weights";
    std::optional<core::JobError> refusal;
    std::string sha256(64, 'a');
    model_of_ = [&](const ports::WorkOrder& work) -> Result<std::optional<OrderModel>, core::JobError> {
        if (refusal) return Fail(*refusal);
        if (work.recipe != "cut.net@1") return std::optional<OrderModel>();
        return std::optional(OrderModel{{{"stage", "coarse_mask"}}, file, sha256});
    };
    open();
    auto by_network = order("bg_remove", R"({"v":1})");
    by_network.recipe = "cut.net@1";
    EXPECT_EQ(failure_of(by_network), ErrorCode::model_unavailable);
    by_network.attempt = random_.id<AttemptId>();
    const auto built_in = order();
    backend_->start(built_in, listener_);
    EXPECT_TRUE(listener_.wait_finished(built_in.attempt)->ok());
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "networks")) << "nothing was started for it";
    sha256 = digest_of("other weights");
    backend_->start(by_network, listener_);
    const auto* tried = listener_.wait_finished(by_network.attempt);
    ASSERT_FALSE(tried->ok());
    EXPECT_EQ(tried->error().code, ErrorCode::model_unavailable);
    EXPECT_NE(tried->error().message.find("cannot be used"), std::string::npos) << "the process has tried it";
    EXPECT_EQ(backend_->process_counts().started, 1u) << "in a process of its own kind";
    refusal = core::JobError{ErrorCode::recipe_not_found, "gone"};
    EXPECT_EQ(failure_of(order()), ErrorCode::recipe_not_found);
}

TEST_F(LocalBackendTest, StoppingAnAttemptEndsItAsCancelledAndOthersGoOn) {
    open();
    const auto endless = order("probe", R"({"what":"sleep"})"), other = order();
    backend_->start(endless, listener_);
    ASSERT_TRUE(listener_.wait_started(1));
    backend_->start(other, listener_);
    backend_->stop_attempt(random_.id<AttemptId>());  // unknown: ignored
    backend_->stop_attempt(endless.attempt);
    backend_->stop_attempt(endless.attempt);
    const auto* stopped = listener_.wait_finished(endless.attempt);
    ASSERT_NE(stopped, nullptr);
    ASSERT_FALSE(stopped->ok());
    EXPECT_EQ(stopped->error().code, ErrorCode::cancelled);
    const auto* finished = listener_.wait_finished(other.attempt);
    ASSERT_NE(finished, nullptr);
    EXPECT_TRUE(finished->ok());
}

TEST_F(LocalBackendTest, OthersUseItsPoolWhileAllItsOwnPlacesAreTaken) {
    open(1, 1);
    EXPECT_EQ(backend_->process_counts().alive, 0);
    const auto endless = order("probe", R"({"what":"sleep"})"), next = order();
    backend_->start(endless, listener_);
    ASSERT_TRUE(listener_.wait_started(1));
    backend_->start(next, listener_);  // waits for its turn: what others may use is not its own
    const UniqueFd input(::memfd_create("result", MFD_CLOEXEC));
    const std::string png = testing::stored_png(100, 80);
    ASSERT_EQ(::write(input.get(), png.data(), png.size()), static_cast<ssize_t>(png.size()));
    const CancelFlag never;
    const auto kept = backend_->pool().run(
        {.operation = std::string(keep_picture_operation), .params = {}, .input = input.get()}, never);
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_EQ(kept->files.size(), 2u);
    EXPECT_EQ(kept->files[0].content_type, "image/png");
    EXPECT_EQ(listener_.finished(), 0u);
    EXPECT_LE(backend_->process_counts().started, 2u);
    backend_->shut_down();
    const auto* interrupted = listener_.wait_finished(next.attempt);
    ASSERT_FALSE(interrupted->ok());
    EXPECT_EQ(interrupted->error().code, ErrorCode::interrupted);
}

TEST_F(LocalBackendTest, ShuttingDownInterruptsEveryOrderThatIsOpenAndTellsOfEach) {
    open(1);
    const auto working = order("probe", R"({"what":"sleep"})"), waiting = order();
    backend_->start(working, listener_);
    ASSERT_TRUE(listener_.wait_started(1));
    backend_->start(waiting, listener_);
    backend_->shut_down();
    EXPECT_EQ(listener_.finished(), 2u);
    for (const auto& work : {working, waiting}) {
        const auto* result = listener_.wait_finished(work.attempt);
        ASSERT_FALSE(result->ok());
        EXPECT_EQ(result->error().code, ErrorCode::interrupted);
    }
    backend_->shut_down();  // twice is the same as once
    EXPECT_EQ(failure_of(order()), ErrorCode::interrupted) << "what comes too late is told of as well";
    backend_.reset();
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace darkroom::imaging
