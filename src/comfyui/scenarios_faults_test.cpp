// The rest of the 30 scenarios (18 to 30): stopping, files on their way, proxies, old servers, a start.
#include <optional>

#include "comfyui/comfy_fixture.h"
#include "comfyui/socket_event.h"

namespace darkroom::comfyui {
namespace {

std::string frame_of(std::uint32_t type, std::optional<std::uint32_t> second, const std::string& rest) {
    std::string frame;
    const auto add = [&](std::uint32_t number) {
        for (int shift = 24; shift >= 0; shift -= 8)
            frame.push_back(static_cast<char>(number >> shift & 0xff));
    };
    add(type);
    if (second) add(*second);
    return frame + rest;
}

Result<Download, CallError> download_of(ComfyClient& client, const ViewFile& file, std::string& bytes) {
    return client.download(file, [&](std::string_view piece) {
        bytes += piece;
        return true;
    });
}

TEST_F(ComfyTest, S18APromptThatIgnoresItsInterruptIsStillSeenRunning) {
    set(R"("hold":true,"deaf_to_interrupt":true)");
    const auto id = submit(graph());
    server_.wait_until_running();
    const auto outcome = client_.cancel(id);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(*outcome, CancelOutcome::stopping);
    EXPECT_EQ(phase_of(id), PromptPhase::running);  // its slot is not free
    server_.play(R"({"release":1})");
    EXPECT_EQ(end_of(id).trouble.has_value(), true);
}

TEST_F(ComfyTest, S19AnInterruptBySomebodyElseCostsNoAttempt) {
    set(R"("ends":"third_party")");
    const auto end = run();
    ASSERT_EQ(kind_of(end), TroubleKind::interrupted);
    const auto code = job_error(*end.trouble).code;
    EXPECT_EQ(core::traits(code).retry, core::RetryRule::not_counted);
    EXPECT_EQ(traits(TroubleKind::interrupted).remedy, Remedy::tell_operator);
}

TEST_F(ComfyTest, S20AResultThatIsGoneIsMissingAndNotAskedForAgain) {
    const auto results = results_of(run(), folder);
    ASSERT_TRUE(results);
    set(R"("view_404":1)");
    std::string bytes;
    const auto gone = download_of(client_, (*results)[0].file, bytes);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, CallErrorKind::missing);
    EXPECT_TRUE(download_of(client_, (*results)[0].file, bytes));
}

TEST_F(ComfyTest, S21ABodyThatIsCutIsTakenUpWhereItStopped) {
    const auto results = results_of(run(), folder);
    ASSERT_TRUE(results);
    std::string whole;
    ASSERT_TRUE(download_of(client_, (*results)[0].file, whole));
    set(R"("view_cut":4)");
    std::string bytes;
    const auto got = download_of(client_, (*results)[0].file, bytes);
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(bytes, whole);
    EXPECT_EQ(got->sha256, to_hex(sha256(whole)));
    set(R"("view_cut":5)");
    bytes.clear();
    const auto cut = download_of(client_, (*results)[0].file, bytes);
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().kind, CallErrorKind::unavailable);
}

TEST_F(ComfyTest, AFileThatChangesBetweenTwoPartsIsNotPutTogether) {
    const auto results = results_of(run(), folder);
    ASSERT_TRUE(results);
    const auto& file = (*results)[0].file;
    set(R"("view_cut":1)");
    const auto got = client_.download(file, [&](std::string_view) {
        testing::write_file(server_.folder() / "output" / file.folder / file.name, "quite another picture");
        return true;
    });
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, CallErrorKind::changed);
}

TEST_F(ComfyTest, AFileBeyondTheLimitIsNotTaken) {
    const auto results = results_of(run(), folder);
    ASSERT_TRUE(results);
    auto settings = settings_for(server_.url());
    settings.download_bytes_max = 10;
    ComfyClient small(settings, http_, clock_);
    std::string bytes;
    const auto got = download_of(small, (*results)[0].file, bytes);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, CallErrorKind::too_large);
    EXPECT_TRUE(bytes.empty());
}

TEST_F(ComfyTest, ResultsNamedWithTricksAreNeverAskedFor) {
    for (const auto* name :
         {"../secret.png", "/etc/passwd", "a\\\\b.png", "..", "x.png [input]", "a\\u0000b"}) {
        set(std::string(R"("bad_name":")") + name + "\"");
        const auto end = run();
        EXPECT_EQ(end.bad_names, 1) << name;
        const auto results = results_of(end, folder);
        ASSERT_FALSE(results) << name;
        EXPECT_EQ(results.error().kind, TroubleKind::bad_output_name);
    }
    std::string bytes;
    EXPECT_FALSE(download_of(client_, {"a.png", "../..", FileKind::output}, bytes));
}

TEST_F(ComfyTest, S22AnUploadUnderAnotherNameIsUsedUnderThatName) {
    set(R"("rename_uploads":true)");
    const auto name = upload();
    EXPECT_EQ(name, "dr/a1/in (1).png");
    const auto id = submit(saving_in_own_folder(graph_of(name)));
    EXPECT_TRUE(results_of(end_of(id), folder));
}

TEST_F(ComfyTest, AnUploadTwiceIsOneFileAndItsBytesAreTheSame) {
    EXPECT_EQ(upload(), "dr/a1/in.png");
    std::string nasty("--darkroom-boundary-0--\r\n\0\xff\r\n", 28);
    const auto stored = client_.upload({{"in.png", "dr/a1", FileKind::input}, "image/png", nasty});
    ASSERT_TRUE(stored);
    EXPECT_EQ(input_name(*stored), "dr/a1/in.png");
    EXPECT_EQ(testing::read_file(server_.folder() / "input/dr/a1/in.png"), nasty);
    EXPECT_FALSE(client_.upload({{"in.png", "../..", FileKind::input}, "image/png", nasty}));
}

TEST_F(ComfyTest, AnUploadThatTheServerLostIsToBeSentAgain) {
    const auto text = graph();
    server_.play(R"({"remove_inputs":true})");
    const auto outcome = client_.submit(random_.id<PromptId>(), text);
    const auto* rejected = std::get_if<PromptRejected>(&outcome);
    ASSERT_NE(rejected, nullptr);
    EXPECT_EQ(traits(rejected->trouble.kind).remedy, Remedy::upload_again);
}

TEST_F(ComfyTest, S23WhatIsTooLargeIsSaidSo) {
    const auto text = graph();
    set(R"("upload_max":20)");
    const auto stored = client_.upload({{"in.png", "", FileKind::input}, "image/png", "more than that"});
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().kind, CallErrorKind::too_large);
    const auto outcome = client_.submit(random_.id<PromptId>(), text);
    const auto* refused = std::get_if<PromptNotTaken>(&outcome);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->kind, NotTakenKind::too_large);
}

TEST_F(ComfyTest, S24AProxyThatGaveUpLeavesASubmitUnclearAndAQuestionToBeRepeated) {
    const auto text = graph();
    set(R"("proxy_524":1)");
    const auto id = random_.id<PromptId>();
    const auto outcome = client_.submit(id, text);
    ASSERT_TRUE(std::holds_alternative<PromptUnclear>(outcome));
    const auto seen = client_.look_after_unclear(id);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->phase, PromptPhase::absent);  // so it may be sent once more, under the same id
    set(R"("proxy_524":2)");
    EXPECT_TRUE(client_.queue());
    ASSERT_TRUE(std::holds_alternative<PromptTaken>(client_.submit(id, text)));
    EXPECT_TRUE(results_of(end_of(id), folder));
    EXPECT_EQ(told("posts", id), 1);
}

TEST_F(ComfyTest, S25OurIdsAreOnesThatAStrictServerTakes) {
    set(R"("uuids_only":true)");
    for (int i = 0; i < 20; ++i) (void)submit(graph());
    server_.wait_until_idle();
}

TEST_F(ComfyTest, S26AnOldServerIsStoppedByQueueAndInterruptAndNobodyElseIsHit) {
    set(R"("hold":true,"jobs_api":false,"version":"0.3.57")");
    const auto runs = submit(graph());
    const auto waits = submit(graph());
    const auto other = submit(graph());
    server_.wait_until_running();
    EXPECT_EQ(client_.cancel(waits).value_or(CancelOutcome::too_old), CancelOutcome::stopping);
    EXPECT_EQ(phase_of(waits), PromptPhase::absent);
    EXPECT_EQ(client_.cancel(waits).value_or(CancelOutcome::too_old), CancelOutcome::not_there);
    EXPECT_EQ(phase_of(runs), PromptPhase::running);
    EXPECT_EQ(client_.cancel(runs).value_or(CancelOutcome::too_old), CancelOutcome::stopping);
    server_.play(R"({"release":1})");
    server_.wait_until_idle();
    const auto stopped = client_.look(runs);
    ASSERT_TRUE(stopped && stopped->end);
    EXPECT_EQ(kind_of(*stopped->end), TroubleKind::interrupted);
    EXPECT_FALSE(end_of(other).trouble);
}

TEST_F(ComfyTest, AServerThatInterruptsWhateverRunsIsNotToldTo) {
    set(R"("hold":true,"jobs_api":false,"version":"0.3.56")");
    const auto id = submit(graph());
    server_.wait_until_running();
    EXPECT_EQ(client_.cancel(id).value_or(CancelOutcome::stopping), CancelOutcome::too_old);
    server_.play(R"({"release":1})");
    EXPECT_FALSE(end_of(id).trouble);
}

TEST_F(ComfyTest, S27AmongFiveHundredOthersOursIsFoundAndTheyStay) {
    for (const auto* jobs_api : {"true", "false"}) {
        set(std::string(R"("hold":true,"jobs_api":)") + jobs_api);
        server_.play(R"({"foreign":500})");
        server_.wait_until_running();
        const auto id = submit(graph());
        const auto list = client_.queue();
        ASSERT_TRUE(list) << list.error().detail;
        EXPECT_EQ(list->before(id), 500u);
        EXPECT_EQ(phase_of(id), PromptPhase::pending);
        EXPECT_EQ(client_.cancel(id).value_or(CancelOutcome::too_old), CancelOutcome::stopping);
        EXPECT_EQ(phase_of(id), PromptPhase::absent);
        EXPECT_EQ(server_.play(R"({"report":true})").at("pending").as_int64(), 499);
        server_.play(R"({"restart":true})");
    }
}

TEST_F(ComfyTest, S28BinaryFramesAreReadAsFarAsTheyAreTrue) {
    const auto plain_frame = frame_of(1, 2, "PNG");  // previews are parts of their frames
    const auto plain = read_socket_preview(plain_frame);
    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->is_png);
    EXPECT_EQ(plain->picture, "PNG");
    EXPECT_FALSE(plain->prompt);
    const auto id = random_.id<PromptId>();
    const auto head = R"({"node_id":"3","prompt_id":")" + id.str() + R"(","image_type":"image/jpeg"})";
    const auto frame = frame_of(4, static_cast<std::uint32_t>(head.size()), head + "JPEG");
    const auto told_of = read_socket_preview(frame);
    ASSERT_TRUE(told_of);
    EXPECT_EQ(told_of->prompt, id);
    EXPECT_EQ(told_of->picture, "JPEG");
    EXPECT_FALSE(read_socket_preview(frame_of(4, 0xffffffffu, head)));  // lies
    EXPECT_FALSE(read_socket_preview(frame_of(4, 5, "{\"a\":1}")));
    EXPECT_FALSE(read_socket_preview(frame_of(3, 1, "9text")));
    EXPECT_FALSE(read_socket_preview(frame_of(9, 1, "unknown")));
    EXPECT_FALSE(read_socket_preview(frame_of(1, std::nullopt, "")));
    EXPECT_FALSE(read_socket_preview(""));
}

TEST_F(ComfyTest, S30AServerThatStillStartsIsNotReadyAndNothingIsLost) {
    ComfyClient* client = nullptr;
    std::optional<testing::ComfyuiServer> other(std::in_place);
    const auto port = other->port();
    ComfyClient at_port(settings_for(other->url()), http_, clock_);
    client = &at_port;
    other.reset();
    const auto facts = client->system_stats();
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().kind, CallErrorKind::not_ready);
    EXPECT_GE(clock_.skipped_waits().size(), 2u);
    const auto outcome = client->submit(random_.id<PromptId>(), R"({"1":{"class_type":"X","inputs":{}}})");
    const auto* refused = std::get_if<PromptNotTaken>(&outcome);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->kind, NotTakenKind::not_ready);
    other.emplace(port);
    other->play(R"({"set":{"not_ready":2}})");  // now a proxy says so
    const auto ready = client->system_stats();
    ASSERT_TRUE(ready) << ready.error().detail;
    EXPECT_GT(ready->gpus.at(0).vram_total, 0u);
    EXPECT_FALSE(ready->writes_metadata);
}

}  // namespace
}  // namespace darkroom::comfyui
