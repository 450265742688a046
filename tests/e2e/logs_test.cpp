// Secrets stay secret: no key, no signed token, no part of one in anything that is logged, even at level
// debug, or in any problem document; and no path of the server's disk in what clients read.
#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"
#include "core/transfer_token.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

const std::string admin_canary = "canary-admin-key-4f9c2a7d1e";
const std::string cron_canary = "canary-cron-secret-83b1d07c5a";
const std::string guess_canary = "canary-wrong-guess-c6e2f41b90";

class Logs : public ::testing::Test {
protected:
    /// Remembers what a client was told; problems are looked at in the end.
    Reply told(Reply reply) {
        if (reply.status >= 400) problems += reply.body() + "\n";
        return reply;
    }
    void a_good_day() {
        const auto ticket = client.post("/api/v1/uploads", R"({"filename":"a.png"})").json();
        const auto put_target = target_of(text_at(ticket, "/url"));
        keep_token(put_target);
        EXPECT_EQ(client.call("PUT", put_target, disc_png(32, 32)).status, 200);
        const auto job = client.ended_job(client.create("jpeg_to_png", "{}", text_at(ticket, "/id")));
        for (const auto* pointer : {"/outputs/0/url", "/thumbnail_url"}) {
            keep_token(text_at(job, pointer));
            EXPECT_EQ(client.get(target_of(text_at(job, pointer))).status, 200);
        }
        EXPECT_EQ(server.client_with(cron_canary).post("/api/v1/dispatcher").status, 200);
        (void)told(client.call("PUT", put_target, disc_png(32, 32)));
    }
    void a_bad_day() {
        (void)told(server.client_with(guess_canary).get("/api/v1/jobs"));
        (void)told(client.get("/api/v1/objects/" + tokens.front() + "x"));
        (void)told(client.call("PUT", "/api/v1/objects/" + tokens.back(), "x"));
        (void)told(client.get("/api/v1/jobs?key=" + admin_canary));
        (void)told(client.post("/api/v1/jobs", "{\"type\":\"" + admin_canary.substr(0, 4)));
        (void)told(
            client.call("POST", "/api/v1/jobs", "x", {{"Content-Type", "multipart/form-data; boundary=x"}}));
        auto permit = core::open_download_permit(tokens[1], server.signing_key(), TimePoint());
        ASSERT_TRUE(permit.ok());
        permit->expires_at = from_unix_ms(1'000'000);
        tokens.push_back(core::seal(*permit, server.signing_key()));
        (void)told(client.get("/api/v1/objects/" + tokens.back()));
        permit->key = core::ObjectKey::thumbnail(*JobId::parse("00000000-0000-4000-8000-000000000000"));
        permit->expires_at = from_unix_ms(4'000'000'000'000);
        tokens.push_back(core::seal(*permit, server.signing_key()));
        expect_problem(told(client.get("/api/v1/objects/" + tokens.back())), 404, "not_found");
        const auto broken = client.create_with("jpeg_to_png", damaged(shot(".jpg", 256), 700, 6'000));
        EXPECT_EQ(text_at(client.ended_job(broken), "/status"), "FAILED");
    }
    void keep_token(const std::string& url) { tokens.push_back(url.substr(url.rfind('/') + 1)); }
    std::vector<std::string> secrets() const {
        std::vector<std::string> all{admin_canary, cron_canary, guess_canary, server.signing_key()};
        for (const auto& token : tokens) {
            all.push_back(token);
            all.push_back(token.substr(token.find('.') + 1));
        }
        return all;
    }

    ServerProcess server{Settings{
        {"DARKROOM_API_KEY", admin_canary}, {"CRON_SECRET", cron_canary}, {"DARKROOM_LOG_LEVEL", "debug"}}};
    ApiClient client = server.client_with(admin_canary);
    std::vector<std::string> tokens;
    std::string problems;
};

TEST_F(Logs, AndProblemsHoldNoSecrets) {
    a_good_day();
    a_bad_day();
    server.kill9();
    server.start();
    a_good_day();
    EXPECT_EQ(server.terminate().code, 0);
    const auto log = server.log();
    EXPECT_FALSE(log.empty());
    ASSERT_FALSE(problems.empty());
    for (const auto& secret : secrets()) {
        EXPECT_EQ(log.find(secret), std::string::npos) << "in the log: " << secret << "\n" << log;
        EXPECT_EQ(problems.find(secret), std::string::npos) << "in a problem: " << secret << "\n" << problems;
    }
    EXPECT_EQ(problems.find(server.home().string()), std::string::npos) << "a path of the server:\n"
                                                                        << problems;
}

TEST_F(Logs, AreOneJsonObjectOnEachLineWhenNobodyWatches) {
    a_good_day();
    a_bad_day();
    EXPECT_EQ(server.terminate().code, 0);
    std::istringstream lines(server.log());
    int records = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.front() != '{') continue;  // the greeting of the start is for people
        EXPECT_TRUE(parse_json(line).ok()) << line;
        ++records;
    }
    EXPECT_GT(records, 0);
}

}  // namespace
}  // namespace darkroom::e2e
