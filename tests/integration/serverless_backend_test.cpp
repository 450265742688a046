// The serverless backend against Darkroom's own endpoint over real sockets, with a folder as the network
// volume that gateway and worker share. The test plays the worker: what it takes is what was really sent.
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/digest.h"
#include "http/curl_client.h"
#include "http/server.h"
#include "objects/files/file_object_store.h"
#include "runpod/backend/serverless_backend.h"
#include "runpod/endpoint/endpoint.h"
#include "runpod/endpoint/routes.h"
#include "runpod/protocol/output_path.h"
#include "runpod/protocol/worker_error.h"
#include "tests/support/child_process.h"
#include "tests/support/real_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::ObjectKey;
using darkroom::testing::RealClock;
using ports::RefusalRule;
using ports::RemotePhase;
using ports::RemoteTroubleKind;
using ::testing::HasSubstr;

constexpr auto pixels = "pixels of a shoe";

class ServerlessBackendAgainstEndpoint : public ::testing::Test {
protected:
    void SetUp() override {
        endpoint::EndpointSettings settings;
        settings.client_key = "rpa_CLIENT";
        settings.worker_key = "worker";
        settings.rate_factor = 0;
        endpoint_ = std::make_unique<endpoint::Endpoint>(settings, endpoint_clock_, random_);
        http::ServerOptions options;
        options.spool_dir = folder_.path();
        server_ = std::make_unique<http::Server>(
            std::move(options), endpoint::all_routes(*endpoint_, endpoint_clock_), endpoint::respond_error);
        const auto port = server_->start();
        ASSERT_TRUE(port.ok()) << port.error().detail;
        main_ = open_folder("objects");
        volume_ = open_folder("volume");
        copies_ = std::make_unique<InputCopies>(*main_, *volume_);
        settings_.name = "eu-cz";
        settings_.gpu = "L4";
        settings_.micro_usd_per_second = 190;
        settings_.public_base_url = "https://darkroom.example";
        settings_.client.base_url = "http://127.0.0.1:" + std::to_string(*port) + "/v2";
        settings_.client.endpoint_id = "ep-local";
        settings_.client.api_key = "rpa_CLIENT";
        settings_.client.version = "test";
        restart();
        order_.work.job = random_.id<JobId>();
        order_.work.attempt = random_.id<AttemptId>();
        order_.work.type = "bg_remove";
        order_.work.params_effective_json = R"({"level":1.50})";
        order_.work.inputs = {picture()};
        order_.token = "token-1";
        order_.deadline = clock_.now() + Milliseconds(7'200'000);
    }
    void TearDown() override { server_->stop(Milliseconds(0)); }

    void restart() {
        backend_ =
            std::make_unique<ServerlessBackend>(settings_, *main_, copies_.get(), http_, clock_, random_);
    }
    std::unique_ptr<ports::ObjectStore> open_folder(const std::string& name) {
        auto opened = objects::FileObjectStore::open(folder_.path() / name);
        EXPECT_TRUE(opened.ok());
        return *std::move(opened);
    }
    core::InputImage picture() {
        core::InputImage image;
        image.key = ObjectKey::uploaded(random_.id<UploadId>(), "jpg");
        image.content_type = "image/jpeg";
        const auto file = folder_.path() / "spool";
        darkroom::testing::write_file(file, pixels);
        const auto put = main_->put_file(image.key, file);
        EXPECT_TRUE(put.ok());
        image.bytes = put->bytes;
        image.sha256 = put->sha256;
        image.version = put->version;
        return image;
    }
    void fault(const std::string& name, const std::string& when) {
        const auto set = endpoint_->change_faults({1, {{name, when}}});
        ASSERT_TRUE(set.ok()) << name << ": " << set.error().detail;
    }
    std::string submitted() {
        const auto answer = backend_->submit(order_);
        const auto* taken = std::get_if<ports::SubmitTaken>(&answer);
        EXPECT_NE(taken, nullptr);
        return taken != nullptr ? taken->remote_id : std::string();
    }
    ports::SubmitRefused refused() {
        const auto answer = backend_->submit(order_);
        const auto* refusal = std::get_if<ports::SubmitRefused>(&answer);
        EXPECT_NE(refusal, nullptr);
        return refusal != nullptr ? *refusal : ports::SubmitRefused{};
    }
    ports::RemoteTask task(const std::string& id) const { return {order_.work.job, order_.work.attempt, id}; }
    ports::RemoteLook look(const std::string& id) {
        auto look = backend_->look(task(id));
        EXPECT_TRUE(look.ok());
        return look ? *std::move(look) : ports::RemoteLook{};
    }
    /// As a worker does: the payload as it came.
    WorkPayload taken_by_worker() {
        const auto taken = endpoint_->take("w1", "L4", 1);
        EXPECT_EQ(taken.size(), 1u);
        const auto payload = parse_work_payload(taken.empty() ? "" : taken[0].input_json.value_or(""));
        EXPECT_TRUE(payload.ok());
        return payload.ok() ? *payload : WorkPayload{};
    }
    std::filesystem::path on_volume(const std::string& path) const {
        const std::string root = "/runpod-volume/";
        EXPECT_TRUE(path.starts_with(root));
        return folder_.path() / "volume" / path.substr(std::min(path.size(), root.size()));
    }
    WorkFile leaves_on_volume(const WorkPayload& payload, const std::string& bytes) {
        WorkFile file;
        file.role = "main";
        file.path = volume_path(payload.output_prefix + "/main.png");
        file.content_type = "image/png";
        file.bytes = bytes.size();
        file.sha256 = to_hex(sha256(bytes));
        std::filesystem::create_directories(on_volume(file.path).parent_path());
        darkroom::testing::write_file(on_volume(file.path), bytes);
        return file;
    }
    void done(const std::string& id, DoneReport report) {
        (void)endpoint_->done("w1", id, std::move(report), 100);
    }

    darkroom::testing::TempDir folder_;
    RealClock endpoint_clock_;
    RealClock clock_{RealClock::Waits::skipped};
    darkroom::testing::SeededRandom random_{1};
    http::CurlClient http_;
    std::unique_ptr<endpoint::Endpoint> endpoint_;
    std::unique_ptr<http::Server> server_;
    std::unique_ptr<ports::ObjectStore> main_;
    std::unique_ptr<ports::ObjectStore> volume_;
    std::unique_ptr<InputCopies> copies_;
    ServerlessSettings settings_;
    std::unique_ptr<ServerlessBackend> backend_;
    ports::RemoteOrder order_;
};

TEST_F(ServerlessBackendAgainstEndpoint, AnOrderGoesThroughAllPhasesToItsOutput) {
    const auto id = submitted();
    EXPECT_EQ(look(id).phase, RemotePhase::queued);
    const auto payload = taken_by_worker();
    EXPECT_EQ(look(id).phase, RemotePhase::running);
    EXPECT_EQ(payload.params_json, R"({"level":1.50})");
    EXPECT_EQ(darkroom::testing::read_file(on_volume(payload.inputs.at(0).path)), pixels);
    EXPECT_FALSE((*backend_->find_outputs(order_.work.job, order_.work.attempt)));

    WorkResult result;
    result.files = {leaves_on_volume(payload, "cut out")};
    DoneReport report;
    report.output_json = write_work_result(result);
    done(id, std::move(report));
    const auto end = look(id);
    EXPECT_EQ(end.phase, RemotePhase::succeeded);
    ASSERT_TRUE(end.result);
    EXPECT_TRUE(end.execution);
    EXPECT_EQ(end.cost_micro_usd, cost_of(end.execution.value_or(Milliseconds(0)), {"L4", 190}));
    EXPECT_EQ(end.worker, "w1");
    const auto& key = end.result->files.at(0).key;
    auto reader = backend_->open_output({.role = "main", .key = key});
    ASSERT_TRUE(reader.ok());
    std::string bytes(64, '\0');
    bytes.resize(*(*reader)->read(bytes));
    EXPECT_EQ(bytes, "cut out");

    backend_->clear(order_.work.job, order_.work.attempt);
    EXPECT_EQ(backend_->open_output({.role = "main", .key = key}).error().kind,
              ports::ObjectErrorKind::missing);
    EXPECT_FALSE(std::filesystem::exists(on_volume(payload.inputs.at(0).path)));
    EXPECT_TRUE(main_->head(order_.work.inputs[0].key).ok()) << "the owner's picture stays";
}

// reliability F-C12: the work is there, its report is not.
TEST_F(ServerlessBackendAgainstEndpoint, AResultThatNobodyToldOfIsFoundOnTheVolume) {
    (void)submitted();
    (void)leaves_on_volume(taken_by_worker(), "cut out");
    restart();
    const auto found = backend_->find_outputs(order_.work.job, order_.work.attempt);
    ASSERT_TRUE(found.ok());
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->files.at(0).bytes, 7u);
}

TEST_F(ServerlessBackendAgainstEndpoint, EndsThatAreNoSuccessAreToldApart) {
    const auto cancelled = submitted();
    EXPECT_EQ(backend_->cancel(task(cancelled))->phase, RemotePhase::cancelled);
    EXPECT_EQ(look(cancelled).phase, RemotePhase::cancelled);
    const auto failed = submitted();
    (void)taken_by_worker();
    DoneReport report;
    report.error = write_worker_error({"no_subject", "Nothing but wall.", "secret trace", "host", "w1", "1"});
    done(failed, std::move(report));
    EXPECT_EQ(look(failed).phase, RemotePhase::failed);
    EXPECT_EQ(look(failed).error->code, ErrorCode::no_subject);
    EXPECT_EQ(look(failed).error->message, "Nothing but wall.");
    const auto duplicate = submitted();
    (void)taken_by_worker();
    DoneReport twice;
    twice.output_json = R"({"darkroom":"duplicate"})";
    done(duplicate, std::move(twice));
    EXPECT_EQ(look(duplicate).phase, RemotePhase::duplicate);
    EXPECT_EQ(look("nobody-u1").phase, RemotePhase::gone);
    EXPECT_EQ(backend_->cancel(task("nobody-u1"))->phase, RemotePhase::gone);
}

TEST_F(ServerlessBackendAgainstEndpoint, ALostReplyToASubmitIsUnclearWhetherItWasQueuedOrNot) {
    for (const auto* name : {"accept_then_drop", "drop_before_accept"}) {
        fault(name, "always");
        EXPECT_TRUE(std::holds_alternative<ports::SubmitUnclear>(backend_->submit(order_))) << name;
    }
    EXPECT_EQ(endpoint_->health().jobs.in_queue, 1);
    EXPECT_FALSE(backend_->trouble());
}

// reliability F-C15.
TEST_F(ServerlessBackendAgainstEndpoint, ARevokedKeyPausesUntilThereIsANewOneWithoutARestart) {
    const auto id = submitted();
    backend_->set_api_key("rpa_REVOKED");
    EXPECT_EQ(backend_->look(task(id)).error().kind, RemoteTroubleKind::paused);
    EXPECT_EQ(refused().rule, RefusalRule::pause);
    EXPECT_THAT(backend_->trouble().value_or(""), HasSubstr("RUNPOD_API_KEY"));
    EXPECT_EQ(endpoint_->health().jobs.in_queue, 1);
    backend_->set_api_key("rpa_CLIENT");
    EXPECT_TRUE(backend_->trouble()) << "nobody has asked yet";
    backend_->probe();
    EXPECT_FALSE(backend_->trouble());
    EXPECT_EQ(look(id).phase, RemotePhase::queued) << "nothing was lost meanwhile";
    (void)submitted();
}

TEST_F(ServerlessBackendAgainstEndpoint, AnEndpointThatIsNotThereTakesNothing) {
    settings_.client.endpoint_id = "ep-other";
    restart();
    EXPECT_EQ(refused().rule, RefusalRule::pause);
    EXPECT_THAT(backend_->trouble().value_or(""), HasSubstr("RUNPOD_ENDPOINT_ID"));
    server_->stop(Milliseconds(0));
    settings_.client.endpoint_id = "ep-local";
    restart();
    EXPECT_EQ(refused().rule, RefusalRule::again_later);
}

// The configured endpoint is another one by now; what was sent to the old one is still looked after there.
TEST_F(ServerlessBackendAgainstEndpoint, OldRemoteJobsAreFollowedWhereTheyAre) {
    const auto id = submitted();
    const auto target = backend_->target();
    settings_.client.endpoint_id = "ep-new";
    const auto old = settings_for_target(settings_, target);
    ASSERT_TRUE(old);
    settings_ = *old;
    restart();
    EXPECT_EQ(backend_->target(), target);
    EXPECT_EQ(look(id).phase, RemotePhase::queued);
}

TEST_F(ServerlessBackendAgainstEndpoint, ManyThreadsMayUseItAtOnce) {
    constexpr int orders = 4;
    std::atomic<int> cancelled{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < orders; ++i) {
        auto order = order_;
        order.work.job = random_.id<JobId>();
        order.work.attempt = random_.id<AttemptId>();
        threads.emplace_back([&, order] {
            const auto answer = backend_->submit(order);
            const auto* taken = std::get_if<ports::SubmitTaken>(&answer);
            if (taken == nullptr) return;
            const ports::RemoteTask task{order.work.job, order.work.attempt, taken->remote_id};
            (void)backend_->look(task);
            const auto end = backend_->cancel(task);
            if (end && end->phase == RemotePhase::cancelled) ++cancelled;
            backend_->clear(order.work.job, order.work.attempt);
        });
    }
    threads.emplace_back([&] {
        for (int i = 0; i < orders; ++i) {
            backend_->probe();
            (void)backend_->health();
            (void)backend_->trouble();
            backend_->set_api_key("rpa_CLIENT");
        }
    });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(cancelled, orders);
    const auto left = volume_->list("inputs/", "", 10);
    ASSERT_TRUE(left.ok());
    EXPECT_TRUE(left->objects.empty()) << "each took its copy away and no other's";
}

}  // namespace
}  // namespace darkroom::runpod
