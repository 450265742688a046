// A key is only ever one that Darkroom made.
#include "core/object_key.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <string>
#include <vector>

namespace darkroom::core {
namespace {

const auto job = *JobId::parse("11111111-1111-4111-8111-111111111111");
const auto attempt = *AttemptId::parse("22222222-2222-4222-8222-222222222222");
const auto upload = *UploadId::parse("33333333-3333-4333-8333-333333333333");

TEST(ObjectKey, KeysReadBackAsMade) {
    for (const auto& key :
         {ObjectKey::uploaded(upload, "heic"), ObjectKey::restored(job, attempt, "main", "png"),
          ObjectKey::restored(job, attempt, "mask", "png"), ObjectKey::thumbnail(job),
          ObjectKey::worker_input(job, "webp"), ObjectKey::worker_output(job, attempt, "thumbnail", "jpg"),
          ObjectKey::worker_note(job, attempt), ObjectKey::probe(upload)}) {
        EXPECT_EQ(ObjectKey::parse(key.str()), key) << key.str();
    }
    EXPECT_EQ(ObjectKey::restored(job, attempt, "main", "png").str(),
              "restored/11111111-1111-4111-8111-111111111111/22222222-2222-4222-8222-222222222222.png");
}

TEST(ObjectKey, NothingElseIsAKey) {
    const std::string id = upload.str();
    const std::vector<std::string> texts = {"",
                                            "/",
                                            "uploaded",
                                            "uploaded/" + id,
                                            "uploaded/" + id + ".exe",
                                            "uploaded/" + id + ".png/",
                                            "uploaded//" + id + ".png",
                                            "/uploaded/" + id + ".png",
                                            "uploaded/../" + id + ".png",
                                            "uploaded/" + id + ".png/../x",
                                            "uploaded/" + id + "..png",
                                            "restored/" + id + ".png",
                                            "other/" + id + ".png",
                                            "inputs/" + id + ".png",
                                            "inputs/job_" + id + ".exe",
                                            "inputs/job_job_" + id + ".png",
                                            "uploaded/job_" + id + ".png",
                                            "probe/" + id + ".png",
                                            "outputs/" + id + "/" + id + "/main.exe",
                                            "outputs/" + id + "/" + id + "/other.png",
                                            "outputs/" + id + "/" + id + "/../main.png",
                                            "outputs/" + id + "/main.png",
                                            "outputs/" + id + "/" + id + "/result.json/main.png",
                                            "restored/" + id + "/result.json",
                                            "restored/" + id + "/" + id + ".main.png",
                                            "restored/" + id + "/" + id + ".evil.png",
                                            "thumbnails/" + id + ".png",
                                            "uploaded/" + id + ".png" + std::string(1, '\0'),
                                            "uploaded/ABCDEFAB-1111-4111-8111-111111111111.png"};
    for (const auto& text : texts) {
        EXPECT_FALSE(ObjectKey::parse(text)) << text;
    }
}

TEST(ObjectKey, WhatComfyUiSavedForAnAttemptIsAKeyInTheAttemptsOwnFolderOnly) {
    const std::string id = upload.str();
    const std::string other = "99999999-9999-4999-8999-999999999999";
    const auto folder = "outputs/" + other + "/" + id + "/";
    EXPECT_TRUE(ObjectKey::parse(folder + "main-" + id + "_00001_.png"));
    EXPECT_TRUE(ObjectKey::parse(folder + "mask-" + id + "_2_.webp"));
    const std::vector<std::string> others = {"main-" + other + "_00001_.png",
                                             "main-" + id + "_00001.png",
                                             "main-" + id + "__.png",
                                             "main-" + id + "_0000x_.png",
                                             "main-" + id + "_0000000000001_.png",
                                             "n9-" + id + "_00001_.png",
                                             "main_00001_.png",
                                             "main-" + id + "_00001_.exe",
                                             "main-" + id + "_00001_",
                                             "-" + id + "_1_.png"};
    for (const auto& name : others) EXPECT_FALSE(ObjectKey::parse(folder + name)) << name;
    EXPECT_FALSE(ObjectKey::parse("outputs/main-" + id + "_00001_.png"));
}

TEST(ObjectKey, FilesThatForeignWorkersNamedAreReachedByTheirPathAndNeverByATrick) {
    for (const auto* path : {"outputs/a.png", "outputs/ComfyUI_00001_.png", "ComfyUI/output/x y (1).jpeg",
                             "outputs/3f0e/deep/er/b.webp", "outputs/..."})
        EXPECT_TRUE(ObjectKey::foreign_output(path)) << path;
    const std::vector<std::string> tricks = {"",
                                             "a.png",
                                             "/outputs/a.png",
                                             "outputs/",
                                             "outputs//a.png",
                                             "outputs/../a.png",
                                             "outputs/./a.png",
                                             "..",
                                             "outputs/a\\b.png",
                                             "outputs/%2e%2e/a.png",
                                             "outputs/a\n.png",
                                             "outputs/\x1b[31m.png",
                                             "outputs/\xc0\xaf.png",
                                             "outputs/" + std::string(1, '\0') + ".png",
                                             "outputs/" + std::string(600, 'a'),
                                             "uploaded/a.png",
                                             "inputs/a.png",
                                             "restored/a.png",
                                             "thumbnails/a.jpg",
                                             "probe/a.txt",
                                             "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q.png"};
    for (const auto& path : tricks) EXPECT_FALSE(ObjectKey::foreign_output(path)) << path;
}

TEST(ObjectKey, AllKeysOfAnAttemptCanBeReadBack) {
    const auto job = *JobId::parse("22222222-2222-4222-8222-222222222222");
    const auto attempt = *AttemptId::parse("33333333-3333-4333-8333-333333333333");
    const auto keys = ObjectKey::all_restored(job, attempt);
    for (const auto& key : keys) EXPECT_EQ(ObjectKey::parse(key.str()), key);
    for (const auto* role : {"main", "mask", "preview", "report"}) {
        EXPECT_EQ(std::count(keys.begin(), keys.end(), ObjectKey::restored(job, attempt, role, "png")), 1);
    }
    const auto report = ObjectKey::restored(job, attempt, "report", "json");
    EXPECT_EQ(std::count(keys.begin(), keys.end(), report), 1);
}

TEST(ObjectKey, OnlyAReportCanBeJson) {
    const std::string id = "22222222-2222-4222-8222-222222222222";
    const auto folder = "restored/" + id + "/" + id;
    EXPECT_TRUE(ObjectKey::parse(folder + ".report.json"));
    EXPECT_FALSE(ObjectKey::parse(folder + ".mask.json"));
    EXPECT_FALSE(ObjectKey::parse(folder + ".json"));
    EXPECT_FALSE(ObjectKey::parse("uploaded/" + id + ".json"));
    EXPECT_FALSE(extension_of("application/json")) << "nobody uploads one as a picture";
}

TEST(ObjectKey, TypesAndEndingsBelongTogether) {
    EXPECT_EQ(extension_of("image/jpeg"), "jpg");
    EXPECT_EQ(content_type_of("avif"), "image/avif");
    EXPECT_FALSE(extension_of("image/svg+xml"));
    EXPECT_FALSE(extension_of("text/html"));
}

}  // namespace
}  // namespace darkroom::core
