// What foreign workers answer: every shape there is, and what is wrong with some.
#include "runpod/protocol/comfy_answer.h"

#include <gtest/gtest.h>

#include "runpod/protocol/comfy_error.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using In = ComfyPicture::In;

std::string images(const std::string& elements) { return R"({"images":[)" + elements + "]}"; }

ComfyAnswer read(const std::string& json) {
    const auto answer = parse_comfy_answer(json);
    EXPECT_TRUE(answer.ok() && answer->has_value()) << json.substr(0, 200);
    return answer.ok() && *answer ? **answer : ComfyAnswer{};
}

TEST(ComfyAnswer, FilesArePathsAsTheirWorkerSeesThem) {
    const auto answer = read(
        R"({"prompt_id":"p-1","files":["/workspace/outputs/a/main_00001_.png","/runpod-volume/outputs/b.webp"],"file_count":2})");
    EXPECT_EQ(answer.prompt_id, "p-1");
    ASSERT_EQ(answer.pictures.size(), 2u);
    EXPECT_EQ(answer.pictures[0].in, In::file);
    EXPECT_EQ(answer.pictures[0].name, "main_00001_.png");
    EXPECT_EQ(answer.pictures[1].place, "/runpod-volume/outputs/b.webp");
    EXPECT_EQ(read(R"({"files":["/workspace/outputs/a.png"]})").pictures.size(), 1u)
        << "the count may be left out";
}

TEST(ComfyAnswer, ImagesAreBase64OrLinksWhateverTheyAreSaidToBe) {
    const auto answer =
        read(images(R"({"filename":"a.png","type":"base64","data":"aGFsbG8="},)"
                    R"({"filename":"b.png","type":"s3_url","data":"https://b.example/x?sig=1"},)"
                    R"({"filename":"c.png","data":"data:image/png;base64,aGFsbG8"},)"
                    R"({"filename":"d.png","url":"https://b.example/y"},"aGFs\nbG8=")"));
    ASSERT_EQ(answer.pictures.size(), 5u);
    EXPECT_EQ(answer.pictures[0].in, In::text);
    EXPECT_EQ(answer.pictures[0].name, "a.png");
    EXPECT_EQ(answer.pictures[1].in, In::link);
    EXPECT_EQ(answer.pictures[1].place, "https://b.example/x?sig=1");
    EXPECT_EQ(answer.pictures[2].place, "aGFsbG8=") << "without its head, and padded";
    EXPECT_EQ(answer.pictures[3].in, In::link);
    EXPECT_EQ(answer.pictures[4].place, "aGFsbG8=");
}

TEST(ComfyAnswer, OneMessageIsThePictureOfOlderWorkers) {
    EXPECT_EQ(read(R"({"status":"success","message":"aGFsbG8=","refresh_worker":true})").pictures[0].in,
              In::text);
    EXPECT_EQ(read(R"({"status":"success","message":"https://b.example/x"})").pictures[0].in, In::link);
}

TEST(ComfyAnswer, ErrorsBesidePicturesAreWarningsAndAnErrorAloneIsTheEnd) {
    const auto answer = read(R"({"images":[{"data":"aGFsbG8="}],"errors":["one was skipped",{"node":3}]})");
    EXPECT_EQ(answer.warnings, (std::vector<std::string>{"one was skipped", R"({"node":3})"}));
    EXPECT_TRUE(answer.error.empty());
    EXPECT_TRUE(read(R"({"status":"success_no_images","images":[]})").pictures.empty());
    EXPECT_TRUE(read(R"({"prompt_id":"p","files":[],"file_count":0})").pictures.empty());
    EXPECT_EQ(read(R"({"error":"CUDA error: x","details":[1]})").error, "CUDA error: x");
    EXPECT_EQ(read(R"({"status":"error","message":"no model"})").error, "no model");
    EXPECT_EQ(read(R"({"error":{"a":1}})").error, R"({"a":1})");
}

TEST(ComfyAnswer, AnswersOfDarkroomsOwnWorkerAreLeftToItsReader) {
    for (const auto* json :
         {R"({"files":[{"role":"main","key":"outputs/x"}]})", R"({"darkroom":"duplicate"})",
          R"({"files":"nothing"})", "{}", "[1]", R"("text")", "", R"({"message":"hello"})"}) {
        const auto answer = parse_comfy_answer(json);
        EXPECT_TRUE(answer.ok() && !answer->has_value()) << json;
    }
}

TEST(ComfyAnswer, WhatCannotBeRightIsRefused) {
    std::string many;
    for (int i = 0; i < 65; ++i) many += std::string(i == 0 ? "" : ",") + R"("/workspace/outputs/a.png")";
    const std::string bad[] = {
        R"({"files":["/workspace/outputs/a.png"],"file_count":2})",
        R"({"files":[],"file_count":1})",
        R"({"files":["/workspace/outputs/a.png",7]})",
        R"({"files":["/workspace/outputs/a.png",""]})",
        R"({"files":["/workspace/)" + std::string(5'000, 'a') + R"("]})",
        R"({"files":[)" + many + "]}",
        R"({"images":"none"})",
        images("7"),
        images("{}"),
        images(R"({"data":""})"),
        images(R"({"data":"not base64!"})"),
        images(R"({"data":"abcde"})"),
        images(R"({"type":"s3_url","data":"aGFsbG8="})"),
        images(R"({"data":"data:image/png,plain"})"),
        images(R"({"data":"ftp://b.example/x"})"),
        images(R"({"data":"https://b.example/)" + std::string(5'000, 'a') + R"("})"),
        R"({"status":"success","message":"not base64!"})",
        R"({"images":[)",
        R"({"images":[],"images":[]})",
        R"({"images":[]} trailing)",
    };
    for (const auto& json : bad) EXPECT_FALSE(parse_comfy_answer(json).ok()) << json.substr(0, 120);
}

TEST(ComfyAnswer, PicturesOfTenMegabytesAreReadAndMoreThanMayComeIsRefused) {
    const std::string large(14u << 20, 'A');
    EXPECT_EQ(read(images(R"({"filename":"a.png","type":"base64","data":")" + large + R"("})"))
                  .pictures[0]
                  .place.size(),
              large.size());
    for (const auto bytes : {std::size_t{17} << 20, comfy_answer_bytes_max})
        EXPECT_FALSE(parse_comfy_answer(images("\"" + std::string(bytes, 'A') + "\"")).ok());
}

TEST(ComfyAnswer, Base64IsMadeStrictOrRefused) {
    EXPECT_EQ(strict_base64("YQ=="), "YQ==");
    EXPECT_EQ(strict_base64("YQ"), "YQ==");
    EXPECT_EQ(strict_base64("YWJj\r\nZGVm"), "YWJjZGVm");
    for (const auto* bad : {"", "=", "====", "Y", "YQ==YQ==", "Y Q", "YQ-_",
                            "data:,YQ==", "data:image/png;base64", "data:image/png;base64,"})
        EXPECT_FALSE(strict_base64(bad)) << bad;
}

TEST(ComfyError, WordsOfTorchComfyUiAndHandlersBecomeCodes) {
    struct Case {
        const char* words;
        ErrorCode code;
    };
    for (const auto& one : {
             Case{"CUDA out of memory. Tried to allocate 2.00 GiB", ErrorCode::worker_oom},
             Case{"torch.OutOfMemoryError: CUDA error: x", ErrorCode::worker_oom},
             Case{"Allocation on device 0 would exceed allowed memory", ErrorCode::worker_oom},
             Case{"CUDA error: an illegal memory access was encountered", ErrorCode::worker_crashed},
             Case{"Workflow validation failed:\n- Node 4 (ckpt_name): Value not in list",
                  ErrorCode::model_unavailable},
             Case{"Workflow validation failed:\n- Node 3 (steps): too small", ErrorCode::workflow_rejected},
             Case{"Cannot execute because node FaceRestore does not exist.", ErrorCode::model_unavailable},
             Case{"invalid prompt: {'type': 'missing_node_type'}", ErrorCode::model_unavailable},
             Case{"FileNotFoundError: No such file or directory: 'x.safetensors'",
                  ErrorCode::model_unavailable},
             Case{"PIL.UnidentifiedImageError: cannot identify image file", ErrorCode::input_unreadable},
             Case{"Custom validation failed: image - Invalid image file: job_1.png",
                  ErrorCode::backend_unavailable},
             Case{"OSError: [Errno 28] No space left on device", ErrorCode::storage_full},
             Case{"Missing 'workflow' parameter", ErrorCode::workflow_rejected},
         })
        EXPECT_EQ(comfy_error_code(one.words), one.code) << one.words;
    for (const auto* words : {"", "job timed out after 1 retries", "KeyError: 'images'", "\xff\xfe"})
        EXPECT_FALSE(comfy_error_code(words)) << words;
}

}  // namespace
}  // namespace darkroom::runpod
