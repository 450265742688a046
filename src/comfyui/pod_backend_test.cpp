#include "comfyui/pod_backend.h"

#include <optional>
#include <utility>

#include "comfyui/comfy_fixture.h"
#include "comfyui/pod_files.h"
#include "tests/support/memory_object_store.h"

namespace darkroom::comfyui {
namespace {

using ports::RemotePhase;

// Does something else once, when the next request is about to go out.
class BusyHttp final : public ports::HttpClient {
public:
    explicit BusyHttp(ports::HttpClient& http) : http_(http) {}
    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override {
        if (const auto first = std::exchange(meanwhile, nullptr)) first();
        return http_.fetch(request);
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest& request) override {
        return http_.open(request);
    }
    std::function<void()> meanwhile;

private:
    ports::HttpClient& http_;
};

class PodBackendTest : public ComfyTest {
protected:
    PodBackendTest() {
        input_.key = core::ObjectKey::uploaded(random_.id<UploadId>(), "png");
        input_.content_type = "image/png";
        store_.client_puts(input_.key, "a picture");
        input_.bytes = 9;
    }

    ports::RemoteOrder new_order() {
        ports::RemoteOrder order;
        order.work.job = random_.id<JobId>();
        order.work.attempt = random_.id<AttemptId>();
        order.work.type = "restore";
        order.work.inputs = {input_};
        return order;
    }
    static ports::RemoteTask task_of(const ports::RemoteOrder& order) {
        return {order.work.job, order.work.attempt, prompt_of(order.work.attempt).str()};
    }
    PodSettings pod_settings() {
        PodSettings settings;
        settings.client = settings_for(server_.url());
        settings.name = "pod-1";
        return settings;
    }
    Result<PodGraph, core::JobError> make(const std::vector<std::string>& inputs) {
        if (before_graph_) before_graph_();
        return PodGraph{graph_of(inputs.at(0), more_), {{result_node_, "main"}}};
    }
    void expect_taken(const ports::RemoteOrder& order) {
        const auto answer = pod_.submit(order);
        const auto* taken = std::get_if<ports::SubmitTaken>(&answer);
        const auto* refused = std::get_if<ports::SubmitRefused>(&answer);
        ASSERT_NE(taken, nullptr) << (refused != nullptr ? refused->why : "unclear");
        EXPECT_EQ(taken->remote_id, order.work.attempt.str());
    }
    ports::SubmitRefused refusal_of(const ports::RemoteOrder& order) {
        const auto answer = pod_.submit(order);
        EXPECT_TRUE(std::holds_alternative<ports::SubmitRefused>(answer)) << answer.index();
        const auto* refused = std::get_if<ports::SubmitRefused>(&answer);
        return refused == nullptr ? ports::SubmitRefused{} : *refused;
    }
    ports::RemoteLook look(const ports::RemoteOrder& order) {
        auto seen = pod_.look(task_of(order));
        EXPECT_TRUE(seen) << seen.error().detail;
        return seen ? *std::move(seen) : ports::RemoteLook{};
    }
    void wait_for_probe() { wait_for_probe(pod_); }
    void wait_for_probe(PodBackend& pod) {
        const auto later = clock_.make_wake_up();
        later->wait_until(clock_.monotonic() + Milliseconds(31'000));
        pod.probe();
    }
    std::int64_t told_of(std::string_view what, const ports::RemoteOrder& order) {
        return told(what, prompt_of(order.work.attempt));
    }

    testing::MemoryObjectStore store_;
    core::InputImage input_;
    std::function<void()> before_graph_;
    std::string more_;
    std::string result_node_ = "9";
    PodBackend pod_{
        pod_settings(),
        [this](const ports::WorkOrder&, const std::vector<std::string>& inputs) { return make(inputs); },
        store_, http_, clock_};
};

TEST_F(PodBackendTest, AnAttemptGoesThereAndItsResultComesBack) {
    const auto order = new_order();
    expect_taken(order);
    server_.wait_until_idle();
    const auto seen = look(order);
    ASSERT_EQ(seen.phase, RemotePhase::succeeded);
    ASSERT_TRUE(seen.result && seen.delay && seen.execution);
    ASSERT_EQ(seen.result->files.size(), 1u);
    const auto& file = seen.result->files[0];
    EXPECT_EQ(file.role, "main");
    EXPECT_EQ(file.content_type, "image/png");
    auto reader = pod_.open_output(file);
    ASSERT_TRUE(reader) << reader.error().detail;
    std::string bytes((*reader)->bytes() + 1, '\0');
    std::size_t got = 0;
    for (;;) {
        const auto piece = (*reader)->read({bytes.data() + got, bytes.size() - got});
        ASSERT_TRUE(piece);
        if (*piece == 0) break;
        got += *piece;
    }
    bytes.resize(got);
    EXPECT_EQ(bytes, testing::read_file(server_.folder() / "output" / folder_of(order.work.attempt) /
                                        "main_00001_.png"));
    const auto found = pod_.find_outputs(order.work.job, order.work.attempt);
    EXPECT_TRUE(found && *found);
    pod_.clear(order.work.job, order.work.attempt);
    EXPECT_EQ(look(order).phase, RemotePhase::gone);
    EXPECT_FALSE(pod_.open_output(file));
}

TEST_F(PodBackendTest, ASubmitThatIsRepeatedRunsOnce) {
    const auto order = new_order();
    for (int i = 0; i < 3; ++i) expect_taken(order);
    server_.wait_until_idle();
    expect_taken(order);
    EXPECT_EQ(told_of("posts", order), 1);
}

TEST_F(PodBackendTest, ASubmitWhoseAnswerIsLostIsFoundByItsId) {
    set(R"("accept_then_cut":1)");
    const auto order = new_order();
    expect_taken(order);
    server_.wait_until_idle();
    EXPECT_EQ(look(order).phase, RemotePhase::succeeded);
    EXPECT_EQ(told_of("runs", order), 1);
}

TEST_F(PodBackendTest, ASubmitThatCertainlyDidNotArriveMayBeSentAgain) {
    const auto order = new_order();
    before_graph_ = [this] { set(R"("proxy_524":1)"); };
    EXPECT_EQ(refusal_of(order).rule, ports::RefusalRule::again_later);
    before_graph_ = nullptr;
    expect_taken(order);
    EXPECT_EQ(told_of("posts", order), 1);
}

TEST_F(PodBackendTest, APodThatRestartsAmongFiftyAttemptsLosesNoneAndRunsNoneTwiceThatHadEnded) {
    set(R"("hold":true)");
    std::vector<ports::RemoteOrder> orders;
    for (int i = 0; i < 50; ++i) {
        orders.push_back(new_order());
        expect_taken(orders.back());
    }
    server_.play(R"({"release":20})");
    std::vector<bool> ended(50, false);
    for (int i = 0; i < 20; ++i) {
        while (!ended[i]) ended[i] = look(orders[i]).phase == RemotePhase::succeeded;
    }
    server_.play(R"({"restart":true})");
    set(R"("hold":false)");
    for (int i = 20; i < 50; ++i) {
        ASSERT_EQ(look(orders[i]).phase, RemotePhase::gone) << i;
        expect_taken(orders[i]);
    }
    server_.wait_until_idle();
    for (int i = 20; i < 50; ++i) EXPECT_EQ(look(orders[i]).phase, RemotePhase::succeeded) << i;
    for (int i = 0; i < 50; ++i) {
        const bool was_running = i == 20;
        EXPECT_LE(told_of("runs", orders[i]), was_running ? 2 : 1) << i;
        EXPECT_EQ(told_of("posts", orders[i]), i < 20 ? 1 : 2) << i;
    }
}

TEST_F(PodBackendTest, ACancelEndsItsOwnAttemptOnly) {
    for (const auto* jobs_api : {"true", "false"}) {
        set(std::string(R"("hold":true,"jobs_api":)") + jobs_api);
        const auto runs = new_order();
        const auto waits = new_order();
        const auto other = new_order();
        for (const auto& order : {runs, waits, other}) expect_taken(order);
        server_.wait_until_running();
        EXPECT_EQ(look(waits).phase, RemotePhase::queued);
        EXPECT_EQ(pod_.cancel(task_of(waits)).value().phase, RemotePhase::cancelled);
        for (bool is_over = false; !is_over;) {
            const auto after = pod_.cancel(task_of(runs));
            ASSERT_TRUE(after);
            is_over = after->phase != RemotePhase::running;
            EXPECT_EQ(after->phase, is_over ? RemotePhase::cancelled : RemotePhase::running);
        }
        server_.play(R"({"release":1})");
        server_.wait_until_idle();
        EXPECT_EQ(look(other).phase, RemotePhase::succeeded);
        EXPECT_EQ(told_of("runs", waits), 0);
    }
}

TEST_F(PodBackendTest, FailuresThereAreCodesHereAndWhatHelpsIsDone) {
    set(R"("ends":"oom")");
    auto order = new_order();
    expect_taken(order);
    server_.wait_until_idle();
    EXPECT_EQ(look(order).error->code, core::ErrorCode::worker_oom);
    EXPECT_GE(server_.play(R"({"report":true})").at("frees").as_int64(), 1);
    EXPECT_FALSE(pod_.trouble());
    set(R"("ends":"cuda")");
    order = new_order();
    expect_taken(order);
    server_.wait_until_idle();
    EXPECT_EQ(look(order).error->code, core::ErrorCode::worker_crashed);
    ASSERT_TRUE(pod_.trouble());
    EXPECT_EQ(refusal_of(new_order()).rule, ports::RefusalRule::pause);
    pod_.probe();
    EXPECT_TRUE(pod_.trouble());  // too early
    pod_.clear(order.work.job, order.work.attempt);
    wait_for_probe();
    EXPECT_TRUE(pod_.trouble()) << "it answers, but it is still the process whose GPU failed";
    server_.play(R"({"restart":true})");
    wait_for_probe();
    EXPECT_FALSE(pod_.trouble());
    set(R"("ends":"success")");
    order = new_order();
    expect_taken(order);
    server_.wait_until_idle();
    EXPECT_EQ(look(order).phase, RemotePhase::succeeded);
}

// Another thread's look at a result comes while a pod that was paused for less is asked how it is.
TEST_F(PodBackendTest, AGpuThatFailsWhileThePodIsAskedIsNotForgotten) {
    BusyHttp http(http_);
    PodBackend pod(
        pod_settings(),
        [this](const ports::WorkOrder&, const std::vector<std::string>& inputs) { return make(inputs); },
        store_, http, clock_);
    const auto ends_as = [&](const std::string& end) {
        set(R"("ends":")" + end + "\"");
        auto order = new_order();
        EXPECT_TRUE(std::holds_alternative<ports::SubmitTaken>(pod.submit(order)));
        server_.wait_until_idle();
        return order;
    };
    const auto full = ends_as("disk_full");
    const auto fault = ends_as("cuda");
    EXPECT_EQ(pod.look(task_of(full))->error->code, core::ErrorCode::storage_full);
    ASSERT_TRUE(pod.trouble());
    bool seen = false;
    http.meanwhile = [&] { seen = pod.look(task_of(fault)).ok(); };
    wait_for_probe(pod);
    ASSERT_TRUE(seen);
    ASSERT_TRUE(pod.trouble());
    wait_for_probe(pod);
    EXPECT_TRUE(pod.trouble()) << "it is still the process whose GPU failed";
    server_.play(R"({"restart":true})");
    wait_for_probe(pod);
    EXPECT_FALSE(pod.trouble());
}

TEST_F(PodBackendTest, WhatIsMissingIsSaidBeforeAnythingIsSent) {
    more_ = R"(,"2":{"class_type":"UpscaleModelLoader","inputs":{"model_name":"none.pth"}},)"
            R"("3":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"none.ckpt"}})";
    auto order = new_order();
    auto lacks = refusal_of(order);
    EXPECT_EQ(lacks.rule, ports::RefusalRule::give_up);
    EXPECT_EQ(lacks.error.code, core::ErrorCode::model_unavailable);
    EXPECT_EQ(lacks.why, "the server has no model model_name: none.pth, ckpt_name: none.ckpt");
    EXPECT_EQ(told_of("posts", order), 0);
    EXPECT_FALSE(std::filesystem::exists(server_.folder() / "input" / folder_of(order.work.attempt)));
    more_ = R"(,"2":{"class_type":"NoSuchNode","inputs":{}})";
    lacks = refusal_of(new_order());
    EXPECT_EQ(lacks.error.code, core::ErrorCode::model_unavailable);
    EXPECT_NE(lacks.error.message.find("NoSuchNode"), std::string::npos) << lacks.error.message;
    more_.clear();
    expect_taken(new_order());
    // A server, or a proxy in front of it, that does not tell: then its own refusal says so.
    set(R"("object_info":false,"nodes_gone":["SaveImage"])");
    PodBackend other(
        pod_settings(),
        [this](const ports::WorkOrder&, const std::vector<std::string>& inputs) { return make(inputs); },
        store_, http_, clock_);
    order = new_order();
    const auto answer = other.submit(order);
    ASSERT_TRUE(std::holds_alternative<ports::SubmitRefused>(answer));
    EXPECT_EQ(std::get<ports::SubmitRefused>(answer).error.code, core::ErrorCode::model_unavailable);
    EXPECT_EQ(told_of("posts", order), 1);
}

TEST_F(PodBackendTest, WhatCannotBeDoneIsGivenUpWithItsCode) {
    more_ = R"(,"2":{"class_type":"UpscaleModelLoader","inputs":{"model_name":"none.pth"}},)"
            R"("10":{"class_type":"SaveImage","inputs":{"images":["2",0],"filename_prefix":"b"}})";
    set(R"("hold":true,"object_info":false)");
    const auto order = new_order();
    const auto lacks = refusal_of(order);
    EXPECT_EQ(lacks.rule, ports::RefusalRule::give_up);
    EXPECT_EQ(lacks.error.code, core::ErrorCode::model_unavailable);
    server_.wait_until_idle();  // what was taken of it is stopped, although everything waits here
    more_.clear();
    input_.key = core::ObjectKey::uploaded(random_.id<UploadId>(), "png");
    EXPECT_EQ(refusal_of(new_order()).error.code, core::ErrorCode::input_missing);
    input_.bytes = 1u << 30;
    EXPECT_EQ(refusal_of(new_order()).error.code, core::ErrorCode::input_too_large);
}

TEST_F(PodBackendTest, AnInputThatThePodLostIsUploadedAgainOnce) {
    int graphs = 0;  // the first is looked at before anything is uploaded
    int losses = 1;
    before_graph_ = [&] {
        if (++graphs > 1 && losses-- > 0) server_.play(R"({"remove_inputs":true})");
    };
    expect_taken(new_order());
    graphs = 0;
    losses = 2;
    EXPECT_EQ(refusal_of(new_order()).error.code, core::ErrorCode::backend_unavailable);
}

TEST_F(PodBackendTest, AResultOfAnotherNodeIsNoResult) {
    more_ = R"(,"11":{"class_type":"PreviewImage","inputs":{"images":["1",0]}})";
    result_node_ = "11";
    const auto order = new_order();
    expect_taken(order);
    server_.wait_until_idle();
    const auto seen = look(order);
    ASSERT_TRUE(seen.error);
    EXPECT_EQ(seen.error->code, core::ErrorCode::output_missing);
    EXPECT_FALSE(*pod_.find_outputs(order.work.job, order.work.attempt));
}

TEST_F(PodBackendTest, NobodyElseSpeaksForAPod) {
    EXPECT_FALSE(pod_.read_report(task_of(new_order()), "{}"));
    EXPECT_FALSE(pod_.open_output({.role = "main", .key = core::ObjectKey::thumbnail(random_.id<JobId>())}));
    EXPECT_EQ(pod_.endpoint().backend, "pod");
}

}  // namespace
}  // namespace darkroom::comfyui
