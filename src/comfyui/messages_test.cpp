// What servers say, read without any server: hostile, cut, huge and empty texts, and the words of old and new
// versions that the played one does not use.
#include <gtest/gtest.h>

#include "comfyui/comfy_settings.h"
#include "comfyui/history.h"
#include "comfyui/python_json.h"
#include "comfyui/queue_list.h"
#include "comfyui/server_facts.h"
#include "comfyui/socket_event.h"
#include "comfyui/upload_body.h"

namespace darkroom::comfyui {
namespace {

const auto our_id = *PromptId::parse("0191e7c2-5a0e-7c3b-9d55-2f4f5c1f9a10");

HttpAnswer answer(int status, std::string body) { return ports::FetchedAnswer{status, {}, std::move(body)}; }

HttpAnswer failure(ports::FetchError kind) { return Fail(ports::FetchFailure{kind, "as the test says"}); }

TEST(ComfyGraph, TheFileThatTheEditorSavesIsToldByName) {
    const auto graph = read_graph(R"({"last_node_id":9,"nodes":[],"links":[],"version":0.4})");
    ASSERT_FALSE(graph);
    EXPECT_NE(graph.error().why.find("Export (API)"), std::string::npos);
}

TEST(ComfyGraph, WhatIsNoGraphIsRefusedBeforeItIsSent) {
    const std::string deep(200, '[');
    for (const auto& text : std::vector<std::string>{
             "", "7", "[]", "{}", "null", "{\"1\":7}", R"({"1":{"inputs":{}}})",
             R"({"1":{"class_type":"A"}})", R"({"1":{"class_type":7,"inputs":{}}})",
             R"({"1":{"class_type":"A","inputs":[]}})", R"({"":{"class_type":"A","inputs":{}}})",
             R"({"1":{"class_type":"A","inputs":{"a":)" + deep, R"({"1":{"class_type":"A","inputs":{}})",
             "{\"" + std::string(65, 'x') + R"(":{"class_type":"A","inputs":{}}})",
             std::string(graph_bytes_max + 1, ' ')})
        EXPECT_FALSE(read_graph(text)) << text.substr(0, 80);
}

TEST(ComfyGraph, EachSavingNodeGetsAFolderOfTheAttempt) {
    auto graph = *read_graph(R"({"12:3":{"class_type":"SaveImage","inputs":{"filename_prefix":"%date%/x"}},)"
                             R"("7":{"class_type":"A","inputs":{"text":"filename_prefix"}}})");
    EXPECT_EQ(set_save_folder(graph, "dr/a"), 1);
    EXPECT_EQ(graph.at("12:3").at("inputs").at("filename_prefix").as_string(), "dr/a/n12_3");
}

TEST(ComfyPrompt, AnAnswerAboutAnotherPromptIsUnclear) {
    const auto outcome =
        prompt_outcome(answer(200, R"({"prompt_id":"another","number":1,"node_errors":{}})"), our_id);
    EXPECT_TRUE(std::holds_alternative<PromptUnclear>(outcome));
}

TEST(ComfyPrompt, WhatMayHaveBeenTakenIsUnclearAndWhatCannotHaveIsNot) {
    const auto is_unclear = [](const HttpAnswer& what) {
        return std::holds_alternative<PromptUnclear>(prompt_outcome(what, our_id));
    };
    for (const int status : {500, 502, 504, 520, 522, 524, 202})
        EXPECT_TRUE(is_unclear(answer(status, "<html>"))) << status;
    EXPECT_TRUE(is_unclear(answer(200, "")));
    EXPECT_TRUE(is_unclear(answer(200, "{\"prompt_id\":")));
    EXPECT_TRUE(is_unclear(answer(200, "[]")));
    EXPECT_TRUE(is_unclear(failure(ports::FetchError::interrupted)));
    for (const int status : {301, 400, 401, 404, 413, 429, 503})
        EXPECT_FALSE(is_unclear(answer(status, "<html>"))) << status;
    EXPECT_FALSE(is_unclear(failure(ports::FetchError::unreachable)));
    EXPECT_FALSE(is_unclear(failure(ports::FetchError::tls)));
}

TEST(ComfyPrompt, ANodeWithoutAnyClassIsTheGraphsFault) {
    const auto outcome = prompt_outcome(
        answer(400,
               R"({"error":{"type":"missing_node_type","extra_info":{"class_type":null}},"node_errors":{}})"),
        our_id);
    EXPECT_EQ(std::get<PromptRejected>(outcome).trouble.kind, TroubleKind::bad_graph);
}

TEST(ComfyPrompt, OfSeveralErrorsTheOneToActOnIsTold) {
    const auto outcome = prompt_outcome(
        answer(
            400,
            R"({"error":{"type":"prompt_outputs_failed_validation"},"node_errors":{)"
            R"("1":{"class_type":"A","errors":[{"type":"required_input_missing"}]},)"
            R"("2":{"class_type":"B","errors":[{"type":"value_not_in_list","details":"","extra_info":)"
            R"({"input_name":"ckpt_name","received_value":"sd.safetensors","input_config":[NaN]}}]},"3":7}})"),
        our_id);
    const auto& trouble = std::get<PromptRejected>(outcome).trouble;
    EXPECT_EQ(trouble.kind, TroubleKind::missing_model);
    EXPECT_EQ(job_error(trouble).message,
              "The backend lacks a model that this work needs. (ckpt_name: sd.safetensors)");
}

TEST(ComfyPrompt, AKeyForPaidNodesIsSentOnlyIfThereIsOne) {
    const auto body = write_prompt({our_id, "dr", "{}", ""});
    EXPECT_EQ(body, R"({"prompt":{},"client_id":"dr","prompt_id":")" + our_id.str() + "\"}");
    EXPECT_NE(write_prompt({our_id, "dr", "{}", "k\"ey"}).find(R"("api_key_comfy_org":"k\"ey")"),
              std::string::npos);
}

TEST(ComfyTrouble, EveryKindHasACodeAndAMessage) {
    for (int i = 0; i < trouble_kind_count; ++i) {
        const auto& row = traits(static_cast<TroubleKind>(i));
        EXPECT_FALSE(row.name.empty());
        EXPECT_FALSE(job_error({row.kind, {}, {}}).message.empty());
    }
}

TEST(ComfyTrouble, OutOfMemoryIsToldFromOtherCudaErrors) {
    EXPECT_EQ(kind_of_exception("torch.cuda.OutOfMemoryError", "", ""), TroubleKind::gpu_oom);
    EXPECT_EQ(kind_of_exception("RuntimeError", "CUDA Error: Out Of Memory", ""), TroubleKind::gpu_oom);
    EXPECT_EQ(kind_of_exception("RuntimeError", "CUDA error: device-side assert triggered", ""),
              TroubleKind::cuda_fault);
    EXPECT_EQ(kind_of_exception("FileNotFoundError", "[Errno 2] No such file", "LoadImage"),
              TroubleKind::input_absent);
    EXPECT_EQ(kind_of_exception("FileNotFoundError", "[Errno 2] No such file", "CheckpointLoader"),
              TroubleKind::missing_model);
    EXPECT_EQ(kind_of_exception("", "", ""), TroubleKind::failed);
}

TEST(ComfyTrouble, WordsOfTheServerBecomeOneShortPrintableLine) {
    EXPECT_EQ(one_line("a\nb\x1b[31m\xff"), "a b [31m ");
    EXPECT_EQ(one_line(std::string(1000, 'x')).size(), 303u);
}

TEST(ComfyHistory, HostileEntriesAreNoEnd) {
    const auto entry = [](const std::string& inner) { return "{\"" + our_id.str() + "\":" + inner + "}"; };
    EXPECT_FALSE(*read_history("{}", our_id));
    EXPECT_FALSE(*read_history(R"({"another":{}})", our_id));
    for (const auto& text : {std::string(), std::string("[]"), std::string("{"), entry("7"), entry("null")})
        EXPECT_FALSE(read_history(text, our_id)) << text;
    const auto odd = read_history(
        entry(
            R"({"prompt":7,"outputs":{"1":null,"2":{"images":[true,"x",{"filename":7},{"filename":"a.png","type":"elsewhere"},)"
            R"([1],{"filename":"ok.png","subfolder":"dr/a","type":"output"}]}},)"
            R"("status":{"status_str":"success","messages":[7,[],["x"],["execution_start",{"timestamp":1e99}]]}})"),
        our_id);
    ASSERT_TRUE(odd && *odd);
    EXPECT_FALSE((*odd)->trouble);
    EXPECT_EQ((*odd)->files.size(), 1u);
    EXPECT_EQ((*odd)->bad_names, 2);
    EXPECT_FALSE((*odd)->execution);
}

TEST(ComfyHistory, AFolderThatOnlyBeginsAlikeIsAnothers) {
    EXPECT_TRUE(is_in_folder({"a", "dr/x", FileKind::output}, "dr/x"));
    EXPECT_TRUE(is_in_folder({"a", "dr/x/y", FileKind::output}, "dr/x"));
    EXPECT_FALSE(is_in_folder({"a", "dr/xy", FileKind::output}, "dr/x"));
    EXPECT_FALSE(is_in_folder({"a", "", FileKind::output}, "dr/x"));
}

TEST(ComfyQueue, AnAnswerThatIsNotAQueueIsNeverAnEmptyOne) {
    for (const auto* text :
         {"", "{}", "[]", "null", R"({"queue_running":[]})", R"({"queue_running":[],"queue_pending":null})",
          R"({"queue_running":[],"queue_pending":[)", R"({"a":{"queue_running":[],"queue_pending":[]}})"})
        EXPECT_FALSE(read_queue(text)) << text;
    EXPECT_TRUE(read_queue(R"({"queue_running":[],"queue_pending":[]})"));
}

TEST(ComfyQueue, PlacesAreCountedByNumberAndOddEntriesPassedOver) {
    const auto list =
        read_queue(R"({"queue_running":[[1,"r",{"a":[[1,"x"]]},{},[]]],"queue_pending":[[9,"z",{}],7,[],[2],)"
                   R"([-3,"front",{}],[5.5,")" +
                   our_id.str() + R"(",{"1":{"inputs":{"x":[NaN,-Infinity,"NaN \" ["]}}},{},["9"]]]})");
    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->pending.size(), 3u);
    EXPECT_EQ(list->before(our_id), 2u);
    EXPECT_FALSE(list->runs(our_id));
}

TEST(ComfyJson, PythonsNumbersBecomeNullOutsideOfStringsOnly) {
    EXPECT_EQ(without_python_numbers(R"({"a":NaN,"b":[-Infinity,Infinity,-1],"c":"NaN \"Infinity"})"),
              R"({"a":null,"b":[null,null,-1],"c":"NaN \"Infinity"})");
    EXPECT_FALSE(parse_python_json(std::string(1000, '['), 10'000));
    EXPECT_FALSE(parse_python_json("{}", 1));
}

TEST(ComfyFacts, VersionsAndJobsAreRead) {
    EXPECT_EQ(parse_version("v0.3.57"), (Version{0, 3, 57}));
    EXPECT_EQ(parse_version("0.38.1-beta"), (Version{0, 38, 1}));
    EXPECT_EQ(parse_version("nightly"), std::nullopt);
    EXPECT_FALSE(read_system_stats("<html>"));
    EXPECT_FALSE(read_system_stats("{}"));
    EXPECT_EQ(*read_job_record(R"({"status":"in_progress"})"), JobWord::in_progress);
    EXPECT_EQ(*read_job_record(R"({"status":"dreaming"})"), JobWord::unknown);
    EXPECT_FALSE(read_job_record("[]"));
}

TEST(ComfySocket, EventsAreHintsAndNoiseIsNone) {
    const auto progress = read_socket_text(
        R"({"type":"progress","data":{"value":3,"max":20,"node":"3","prompt_id":")" + our_id.str() + "\"}}");
    EXPECT_EQ(progress.kind, SocketEventKind::progress);
    EXPECT_EQ(progress.prompt, our_id);
    EXPECT_EQ(progress.max, 20);
    EXPECT_EQ(read_socket_text(R"({"type":"executing","data":{"node":null}})").kind,
              SocketEventKind::look_now);
    EXPECT_EQ(read_socket_text(R"({"type":"executing","data":{"node":"3"}})").kind,
              SocketEventKind::node_begins);
    EXPECT_EQ(read_socket_text(R"({"type":"status","data":{"status":{"exec_info":{"queue_remaining":4}}}})")
                  .queue_remaining,
              4);
    for (const auto* text :
         {"", "7", "{}", R"({"type":"crystools.monitor","data":{}})", R"({"type":7,"data":7})"})
        EXPECT_EQ(read_socket_text(text).kind, SocketEventKind::none) << text;
}

TEST(ComfyUpload, AnswersWithTricksAreRefused) {
    EXPECT_TRUE(read_upload_answer(R"({"name":"a (1).png","subfolder":"dr/1","type":"input","asset":{}})"));
    for (const auto* text :
         {"", "{}", R"({"name":"a.png","subfolder":""})", R"({"name":"","subfolder":"","type":"input"})",
          R"({"name":"../a.png","subfolder":"","type":"input"})",
          R"({"name":"a.png","subfolder":"..","type":"input"})"})
        EXPECT_FALSE(read_upload_answer(text)) << text;
}

TEST(ComfySettings, WhatCannotWorkIsSaid) {
    ComfySettings good;
    good.base_url = "https://abc-8188.proxy.runpod.net";
    good.client_id = "dr";
    EXPECT_TRUE(problems(good).empty());
    EXPECT_TRUE(is_behind_proxy(good));
    EXPECT_EQ(upload_timeout(good, 500u << 20), proxy_answer_max);
    for (const auto* url :
         {"", "127.0.0.1:8188", "ftp://a", "http://", "http://a?token=x", "http://user:pw@a"}) {
        auto bad = good;
        bad.base_url = url;
        EXPECT_FALSE(problems(bad).empty()) << url;
    }
    auto far = good;
    far.base_url = "http://127.0.0.1:8188/?.proxy.runpod.net";
    EXPECT_FALSE(is_behind_proxy(far));
}

}  // namespace
}  // namespace darkroom::comfyui
