// Several attempts at one job on a real server: results stay, the newest is shown until another is chosen;
// and masks as second inputs.
#include <gtest/gtest.h>

#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

std::string attempts_of(const std::string& id) { return "/api/v1/jobs/" + id + "/attempts"; }

TEST(ApiReruns, TheNewestResultIsShownUntilAnotherIsChosen) {
    const ServerProcess server;
    const auto client = server.client();
    const auto id = client.create_with("upscale_2k", disc_png(160, 160), R"({"target":512})");
    ASSERT_EQ(text_at(client.ended_job(id), "/status"), "SUCCEEDED");
    const auto again = client.post(attempts_of(id), R"({"params":{"target":600}})", {{"Prefer", "wait=30"}});
    ASSERT_EQ(again.status, 200) << again.body();
    auto job = again.json();
    EXPECT_EQ(number_at(job, "/attempt_count"), 2);
    EXPECT_EQ(number_at(job, "/outputs/0/width"), 600);
    EXPECT_EQ(text_at(job, "/selected_attempt_id"), text_at(job, "/attempts/1/id"));
    EXPECT_EQ(number_at(job, "/params/target"), 600);
    EXPECT_EQ(number_at(job, "/attempts/0/params/target"), 512);
    for (const auto* url : {"/attempts/0/outputs/0/url", "/attempts/1/outputs/0/url",
                            "/attempts/0/thumbnail_url", "/attempts/1/thumbnail_url"})
        EXPECT_EQ(client.get(target_of(text_at(job, url))).status, 200) << url;

    const auto first = text_at(job, "/attempts/0/id");
    const auto chosen =
        client.call("PUT", "/api/v1/jobs/" + id + "/selected_attempt", R"({"attempt_id":")" + first + "\"}");
    ASSERT_EQ(chosen.status, 200) << chosen.body();
    job = client.job(id);
    EXPECT_EQ(text_at(job, "/selected_attempt_id"), first);
    EXPECT_EQ(number_at(job, "/outputs/0/width"), 512);

    const auto audit = client.get("/api/v1/admin/audit/licences?since=2000-01-01").json();
    EXPECT_EQ(items_at(audit, "/attempts").size(), 2u);
    EXPECT_EQ(text_at(audit, "/attempts/1/recipe"), "upscale_2k.builtin@1");
}

TEST(ApiReruns, ARerunThatFailsLeavesTheResultWhereItWas) {
    const ServerProcess server;
    const auto client = server.client();
    const auto id =
        client.create_with("object_remove", disc_png(64, 64), R"({"region":{"boxes":[[0.4,0.4,0.1,0.1]]}})");
    ASSERT_EQ(text_at(client.ended_job(id), "/status"), "SUCCEEDED");
    const auto again =
        client.post(attempts_of(id), R"({"params":{"units":"px","region":{"boxes":[[9000,9000,9,9]]}}})",
                    {{"Prefer", "wait=30"}});
    ASSERT_EQ(again.status, 200) << again.body();
    EXPECT_EQ(text_at(again.json(), "/status"), "SUCCEEDED");
    EXPECT_EQ(text_at(again.json(), "/attempts/1/status"), "FAILED");
    EXPECT_EQ(text_at(again.json(), "/attempts/1/error/code"), "region_out_of_bounds");
    EXPECT_EQ(text_at(again.json(), "/selected_attempt_id"), text_at(again.json(), "/attempts/0/id"));
    const auto failed = text_at(again.json(), "/attempts/1/id");
    expect_problem(
        client.call("PUT", "/api/v1/jobs/" + id + "/selected_attempt", R"({"attempt_id":")" + failed + "\"}"),
        409, "attempt_without_result");
}

TEST(ApiReruns, WhatCannotBeDoneAgainSaysWhy) {
    const ServerProcess server;
    const auto client = server.client();
    const auto id = client.create_with("jpeg_to_png", disc_png(64, 64));
    ASSERT_EQ(text_at(client.ended_job(id), "/status"), "SUCCEEDED");
    expect_problem(client.post(attempts_of(id), R"({"params":{"no_such":1}})"), 422, "params_unknown_field");
    expect_problem(client.post(attempts_of(id), R"({"backend":"pod"})"), 422, "recipe_not_found");
    expect_problem(client.post(attempts_of("00000000-0000-4000-8000-000000000000")), 404, "not_found");
    expect_problem(client.call("PUT", "/api/v1/jobs/" + id + "/selected_attempt",
                               R"({"attempt_id":"00000000-0000-4000-8000-000000000000"})"),
                   404, "not_found");
    EXPECT_EQ(number_at(client.job(id), "/attempt_count"), 1);
}

TEST(ApiInputs, AMaskSaysWhatIsToGo) {
    const ServerProcess server;
    const auto client = server.client();
    const auto picture = client.upload(shot(".png", 128));
    const auto mask = client.upload(disc_png(128, 128), "wires.png");
    const auto request = [&](const std::string& name) {
        return R"({"type":"object_remove","params":{"region":{"mask":")" + name +
               R"("},"max_region":0.9,"output_format":"png"},"inputs":[{"upload":")" + picture +
               R"("},{"upload":")" + mask + R"("}]})";
    };
    const auto created = client.post("/api/v1/jobs", request("mask"), {{"Prefer", "wait=40"}});
    ASSERT_EQ(created.status, 200) << created.body();
    const auto job = created.json();
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(items_at(job, "/inputs").size(), 2u);
    const auto result = client.get(target_of(text_at(job, "/outputs/0/url")));
    EXPECT_EQ(decoded_size(result.body(), ".png").width, 128);
    expect_problem(client.post("/api/v1/jobs", request("other")), 422, "input_missing");
}

TEST(ApiInputs, AFormMayBringTheMask) {
    const ServerProcess server;
    const auto client = server.client();
    const auto with_mask = [&](const std::string& mask) {
        auto form = make_form(
            "street.png", shot(".png", 96),
            {{"type", "object_remove"}, {"params", R"({"region":{"mask":"mask"},"max_region":0.9})"}});
        const auto boundary = form.content_type.substr(form.content_type.find("boundary=") + 9);
        const auto end = form.body.rfind("--" + boundary + "--");
        form.body.insert(
            end, "--" + boundary +
                     "\r\nContent-Disposition: form-data; name=\"mask\"; filename=\"m.png\"\r\n\r\n" + mask +
                     "\r\n");
        return client.call("POST", "/api/v1/jobs", form.body,
                           {{"Content-Type", form.content_type}, {"Prefer", "wait=40"}});
    };
    const auto reply = with_mask(disc_png(96, 96));
    ASSERT_EQ(reply.status, 200) << reply.body();
    EXPECT_EQ(text_at(reply.json(), "/status"), "SUCCEEDED") << reply.body();
    EXPECT_EQ(text_at(reply.json(), "/inputs/1/name"), "mask");
    expect_problem(with_mask(disc_png(96, 64)), 422, "mask_size_mismatch");
    EXPECT_GE(with_mask("no picture").status, 400);
}

}  // namespace
}  // namespace darkroom::e2e
