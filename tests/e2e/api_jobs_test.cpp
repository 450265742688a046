// The way of a job as an app goes it: upload, create, wait, download; and the small routes beside it.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/digest.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

std::string hex_digest(const std::string& bytes) { return to_hex(sha256(bytes)); }

TEST(ApiFlow, AnUploadBecomesAResultThatDecodes) {
    const ServerProcess server;
    const auto client = server.client();
    const auto picture = disc_png(96, 64);
    const auto upload = client.upload(picture, "red shoe.png");
    const auto seen = client.get("/api/v1/uploads/" + upload).json();
    EXPECT_EQ(text_at(seen, "/state"), "ready");
    EXPECT_EQ(text_at(seen, "/image/sha256"), hex_digest(picture));

    const auto created =
        client.post("/api/v1/jobs", job_request("jpeg_to_png", R"({"key":"#ffffff"})", upload));
    ASSERT_EQ(created.status, 201) << created.body();
    const auto id = text_at(created.json(), "/id");
    EXPECT_EQ(created.header("Location"), "/api/v1/jobs/" + id);
    EXPECT_EQ(text_at(created.json(), "/status"), "QUEUED");

    const auto job = client.ended_job(id);
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(text_at(job, "/inputs/0/name"), "red shoe.png");
    EXPECT_EQ(text_at(job, "/inputs/0/sha256"), hex_digest(picture));
    EXPECT_EQ(text_at(job, "/params_effective/key"), "#ffffff");
    EXPECT_EQ(number_at(job, "/attempt_count"), 1);
    EXPECT_EQ(text_at(job, "/selected_attempt_id"), text_at(job, "/attempts/0/id"));
    EXPECT_FALSE(text_at(job, "/finished_at").empty());

    const auto result = client.get(target_of(text_at(job, "/outputs/0/url")));
    ASSERT_EQ(result.status, 200);
    EXPECT_EQ(result.header("Content-Type"), "image/png");
    EXPECT_EQ(static_cast<std::int64_t>(result.body().size()), number_at(job, "/outputs/0/bytes"));
    EXPECT_EQ(hex_digest(result.body()), text_at(job, "/outputs/0/sha256"));
    const auto size = decoded_size(result.body(), ".png");
    EXPECT_EQ(size.width, 96);
    EXPECT_EQ(size.height, 64);
    EXPECT_EQ(size.channels, 4) << "the white was to become transparent";

    const auto thumbnail = client.get(target_of(text_at(job, "/thumbnail_url")));
    EXPECT_EQ(thumbnail.status, 200);
    EXPECT_GT(decoded_size(thumbnail.body(), ".jpg").width, 0);
    expect_nothing_left(server);
}

TEST(ApiFlow, EveryBuiltInTypeWorksOnAPhotograph) {
    const ServerProcess server;
    const auto client = server.client();
    const auto photo = shot(".jpg", 384);
    const std::map<std::string, std::string> params_of = {
        {"bg_remove", "{}"},
        {"jpeg_to_png", "{}"},
        {"object_remove", R"({"region":{"boxes":[[0.4,0.4,0.2,0.1]]},"output_format":"png"})"},
        {"restore", R"({"megapixels":0.25,"output_size":"original","output_format":"png"})"},
        {"upscale_2k", R"({"target":768})"}};
    for (const auto& [type, params] : params_of) {
        SCOPED_TRACE(type);
        const auto job = client.ended_job(client.create_with(type, photo, params));
        ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        const auto result = client.get(target_of(text_at(job, "/outputs/0/url")));
        const auto size = decoded_size(result.body(), type == "upscale_2k" ? ".jpg" : ".png");
        EXPECT_EQ(size.width, type == "upscale_2k" ? 768 : 384);
        EXPECT_EQ(size.width, number_at(job, "/outputs/0/width"));
    }
}

TEST(ApiFlow, AProductOnWhiteComesWithItsReport) {
    const ServerProcess server;
    const auto client = server.client();
    const auto params = R"({"preset":"custom","size":600,"fill":0.8})";
    const auto job = client.ended_job(client.create_with("white_bg_ecomm", shot(".jpg", 384), params));
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    const auto result = client.get(target_of(text_at(job, "/outputs/0/url")));
    EXPECT_EQ(decoded_size(result.body(), ".jpg").width, 600);
    EXPECT_EQ(text_at(job, "/attempts/0/measures/report/0/check"), "background_exact") << job;
    EXPECT_EQ(number_at(job, "/attempts/0/measures/report/0/value"), 0);
    const auto cut = client.ended_job(client.create_with("cutout_subject", shot(".jpg", 384), "{}"));
    ASSERT_EQ(text_at(cut, "/status"), "SUCCEEDED") << cut;
    EXPECT_GT(number_at(cut, "/attempts/0/measures/box/2"), 50);
}

TEST(ApiFlow, AFormCreatesTheJobInOneRequest) {
    const ServerProcess server;
    const auto client = server.client();
    const auto picture = disc_png(64, 64);
    const auto form = make_form("mug.png", picture,
                                {{"type", "upscale_2k"}, {"params", R"({"target":512})"}, {"priority", "3"}});
    const auto reply = client.call("POST", "/api/v1/jobs", form.body,
                                   {{"Content-Type", form.content_type}, {"Prefer", "wait=30"}});
    ASSERT_EQ(reply.status, 200) << reply.body();
    EXPECT_EQ(reply.header("Preference-Applied"), "wait=30");
    const auto job = reply.json();
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED");
    EXPECT_EQ(number_at(job, "/priority"), 3);
    EXPECT_EQ(text_at(job, "/inputs/0/name"), "mug.png");
    EXPECT_EQ(text_at(job, "/inputs/0/sha256"), hex_digest(picture));
    const auto result = client.get(target_of(text_at(job, "/output_urls/0")));
    EXPECT_EQ(decoded_size(result.body(), ".png").width, 256) << "at most four times as large";
    expect_nothing_left(server);
}

TEST(ApiFlow, AnAdminKeyCreatesJobsForAUser) {
    const ServerProcess server;
    const auto client = server.client();
    auto body = job_request("jpeg_to_png", "{}", client.upload(disc_png(32, 32)));
    body.insert(1, R"("user_id":"customer-7",)");
    const auto created = client.post("/api/v1/jobs", body);
    ASSERT_EQ(created.status, 201) << created.body();
    EXPECT_EQ(text_at(created.json(), "/user_id"), "customer-7");

    const auto form =
        make_form("a.png", disc_png(32, 32, 1), {{"type", "jpeg_to_png"}, {"user_id", "customer-7"}});
    const auto second = client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
    ASSERT_EQ(second.status, 201) << second.body();
    const auto theirs = client.get("/api/v1/jobs?user_id=customer-7").json();
    EXPECT_EQ(items_at(theirs, "/jobs").size(), 2u);
    EXPECT_TRUE(items_at(client.get("/api/v1/jobs?user_id=customer-8").json(), "/jobs").empty());
}

TEST(ApiFlow, TheShortBaseAnswersLikeTheVersionedOne) {
    const ServerProcess server(Settings{{"CRON_SECRET", "cron-secret-of-this-test"}});
    const auto client = server.client();
    const auto job = client.create_with("jpeg_to_png", disc_png(32, 32));
    (void)client.ended_job(job);
    const auto unknown = "/jobs/00000000-0000-4000-8000-000000000000";
    const std::vector<std::pair<std::string, std::string>> routes = {
        {"POST", "/uploads"},
        {"GET", "/uploads/00000000-0000-4000-8000-000000000000"},
        {"PUT", "/objects/no-such-token"},
        {"GET", "/objects/no-such-token"},
        {"POST", "/jobs"},
        {"GET", "/jobs"},
        {"GET", "/jobs/" + job},
        {"HEAD", "/jobs/" + job},
        {"GET", "/jobs/" + job + "/events"},
        {"POST", "/jobs/" + job + "/cancel"},
        {"POST", "/jobs/" + job + "/retry"},
        {"PUT", "/jobs/" + job + "/selected_attempt"},
        {"GET", "/admin/audit/licences"},
        {"GET", unknown},
        {"GET", "/types"},
        {"GET", "/types/bg_remove"},
        {"GET", "/types/no_such_type"},
        {"POST", "/dispatcher"},
        {"DELETE", "/jobs"},
        {"GET", "/nothing/here"},
    };
    for (const auto& [method, path] : routes) {
        SCOPED_TRACE(::testing::Message() << method << " " << path);
        const std::string body = method == "POST" ? "{}" : "";
        const ports::HttpFields json{{"Content-Type", "application/json"}};
        const auto versioned = client.call(method, "/api/v1" + path, body, json);
        const auto alias = client.call(method, "/api" + path, body, json);
        EXPECT_NE(versioned.status, 0);
        EXPECT_EQ(alias.status, versioned.status) << alias.body();
        EXPECT_EQ(alias.header("Content-Type"), versioned.header("Content-Type"));
        if (versioned.status >= 400 && method != "HEAD") {
            EXPECT_EQ(alias.code(), versioned.code());
        }
        if (method == "GET" && path == "/types") {
            EXPECT_EQ(alias.body(), versioned.body());
        }
    }
}

TEST(ApiFlow, TypesTellWhatTheirParamsMayBe) {
    const ServerProcess server;
    const auto types = items_at(server.client().get("/api/v1/types").json(), "/types");
    std::set<std::string> names;
    for (const auto& type : types) {
        names.insert(text_at(type, "/type"));
        EXPECT_FALSE(text_at(type, "/description").empty());
        EXPECT_EQ(text_at(type, "/params_schema/type"), "object") << type;
        EXPECT_EQ(server.client().get("/api/v1/types/" + text_at(type, "/type")).json(), type);
    }
    EXPECT_EQ(names, (std::set<std::string>{"bg_remove", "cutout_subject", "jpeg_to_png", "object_remove",
                                            "restore", "upscale_2k", "white_bg_ecomm"}));
}

TEST(ApiFlow, HealthNeedsNoKey) {
    const ServerProcess server;
    const auto stranger = server.client_with("");
    EXPECT_EQ(stranger.get("/healthz").status, 200);
    const auto ready = stranger.get("/readyz");
    EXPECT_EQ(ready.status, 200);
    EXPECT_EQ(text_at(ready.json(), "/status"), "ready");
    const auto head = stranger.call("HEAD", "/healthz");
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(head.body().empty());
    EXPECT_EQ(head.header("Content-Length"), std::to_string(stranger.get("/healthz").body().size()));
}

TEST(ApiFlow, DownloadsCanBeResumedAndChecked) {
    const ServerProcess server;
    const auto client = server.client();
    const auto job = client.ended_job(client.create_with("jpeg_to_png", disc_png(64, 64)));
    const auto target = target_of(text_at(job, "/outputs/0/url"));
    const auto stranger = server.client_with("");
    const auto whole = stranger.get(target);
    ASSERT_EQ(whole.status, 200) << "a signed link needs no key";
    EXPECT_EQ(whole.header("Accept-Ranges"), "bytes");
    EXPECT_NE(whole.header("Content-Disposition").find("attachment"), std::string::npos);
    const auto etag = whole.header("ETag");
    ASSERT_FALSE(etag.empty());

    const auto part = stranger.get(target, {{"Range", "bytes=10-29"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body(), whole.body().substr(10, 20));
    EXPECT_EQ(part.header("Content-Range"), "bytes 10-29/" + std::to_string(whole.body().size()));
    const auto rest = stranger.get(target, {{"Range", "bytes=30-"}, {"If-Range", etag}});
    EXPECT_EQ(rest.status, 206);
    EXPECT_EQ(rest.body(), whole.body().substr(30));
    EXPECT_EQ(stranger.get(target, {{"Range", "bytes=0-1"}, {"If-Range", "\"another\""}}).status, 200);
    expect_problem(stranger.get(target, {{"Range", "bytes=99999999-"}}), 416, "range_not_satisfiable", true);

    EXPECT_EQ(stranger.get(target, {{"If-None-Match", etag}}).status, 304);
    const auto head = stranger.call("HEAD", target);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Length"), std::to_string(whole.body().size()));
    EXPECT_EQ(head.header("ETag"), etag);
}

TEST(ApiFlow, LinksSurviveARestart) {
    ServerProcess server;
    const auto job = server.client().ended_job(server.client().create_with("jpeg_to_png", disc_png(32, 32)));
    const auto target = target_of(text_at(job, "/outputs/0/url"));
    EXPECT_EQ(server.terminate().code, 0);
    server.start();
    EXPECT_EQ(server.client().get(target).status, 200);
    EXPECT_EQ(text_at(server.client().job(text_at(job, "/id")), "/status"), "SUCCEEDED");
}

TEST(ApiFlow, ADispatchRoundIsForTheAdminAndForCron) {
    const ServerProcess server(Settings{{"CRON_SECRET", "cron-secret-of-this-test"}});
    const auto by_admin = server.client().post("/api/v1/dispatcher");
    EXPECT_EQ(by_admin.status, 200) << by_admin.body();
    EXPECT_EQ(text_at(by_admin.json(), "/ok"), "true");
    const auto by_cron = server.client_with("cron-secret-of-this-test").post("/api/dispatcher");
    EXPECT_EQ(by_cron.status, 200) << by_cron.body();
    expect_problem(server.client_with("").post("/api/v1/dispatcher"), 401, "unauthenticated");
    expect_problem(server.client_with("cron-secret-of-this-tesT").post("/api/v1/dispatcher"), 401,
                   "unauthenticated");
    expect_problem(server.client_with("cron-secret-of-this-test").get("/api/v1/jobs"), 401,
                   "unauthenticated");
}

TEST(ApiFlow, StoppingIsQuickAndClean) {
    ServerProcess server;
    (void)server.client().ended_job(server.client().create_with("jpeg_to_png", disc_png(32, 32)));
    const auto begin = std::chrono::steady_clock::now();
    const auto exit = server.terminate();
    EXPECT_EQ(exit.code, 0);
    EXPECT_EQ(exit.signal, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Milliseconds(5'000));
    EXPECT_FALSE(std::filesystem::exists(server.data_dir() / "gateway.json"));
    EXPECT_TRUE(files_under(server.data_dir() / "work").empty());
}

}  // namespace
}  // namespace darkroom::e2e
