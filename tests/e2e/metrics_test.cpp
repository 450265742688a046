// GET /metrics of a real server: who may read it, whether the text is what Prometheus reads, whether the
// figures move as the jobs do, and that the dashboard, the alerts and the document speak of what is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>

#include "tests/e2e/metrics_text.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"
#include "tests/support/child_process.h"
#include "tests/support/postgres_server.h"

namespace darkroom::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::filesystem::path repository = DR_REPOSITORY;
const std::string token = "a-token-of-the-metrics-test-1";

Scrape scrape(const ApiClient& client) {
    const auto reply = client.get("/metrics");
    EXPECT_EQ(reply.status, 200) << reply.body();
    EXPECT_EQ(reply.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    return Scrape(reply.body());
}

/// Words of a file that are names of metrics.
std::set<std::string> metrics_named_in(const std::string& text) {
    static const std::regex name(R"(\b(darkroom|process)_[a-z0-9_]*[a-z0-9])");
    std::set<std::string> names;
    for (auto it = std::sregex_iterator(text.begin(), text.end(), name); it != std::sregex_iterator(); ++it)
        names.insert(it->str());
    return names;
}

/// Where a program is; empty if it is not on this machine.
std::string find_program(const std::string& name) {
    std::istringstream path(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
    for (std::string folder; std::getline(path, folder, ':');) {
        auto program = std::filesystem::path(folder) / name;
        if (std::filesystem::exists(program)) return program.string();
    }
    return {};
}

struct Ran {
    int code = -1;
    std::string output;
};

Ran run(const std::string& program, std::vector<std::string> arguments) {
    const testing::TempDir dir;
    const auto out = dir.path() / "out";
    testing::ChildPlan plan;
    plan.program = program;
    plan.arguments = std::move(arguments);
    plan.working_dir = dir.path();
    plan.out_file = plan.err_file = out;
    testing::ChildProcess child(plan);
    const auto exit = child.wait(Milliseconds(30'000));
    return {exit ? exit->code : -1, testing::read_file(out)};
}

TEST(Metrics, AreForTheOperatorUnlessHeSaysOtherwise) {
    ServerProcess server(Settings{{"DARKROOM_METRICS_TOKEN", token}});
    expect_problem(server.client_with("").get("/metrics"), 401, "unauthenticated");
    expect_problem(server.client_with(token + "x").get("/metrics"), 401, "unauthenticated");
    EXPECT_EQ(server.client_with(token).get("/metrics").status, 200);
    EXPECT_EQ(server.client().get("/metrics").status, 200);
    EXPECT_EQ(server.client_with(token).get("/api/v1/jobs").status, 401) << "it is no key";
    EXPECT_EQ(server.client().get("/api/v1/metrics").status, 404);
    EXPECT_EQ(server.client().post("/metrics").status, 405);
    EXPECT_EQ(server.terminate().code, 0);
    server.start({{"DARKROOM_METRICS_PUBLIC", "on"}});
    EXPECT_EQ(server.client_with("").get("/metrics").status, 200);
}

TEST(Metrics, AreWhatPrometheusReads) {
    const ServerProcess server;
    const auto client = server.client();
    (void)client.ended_job(client.create_with("jpeg_to_png", disc_png(32, 32)));
    (void)client.get("/nowhere\"{}\\");
    EXPECT_THAT(scrape(client).problems(), IsEmpty());
    const auto text = client.get("/metrics").body();
    testing::write_file(server.home() / "metrics", text);
    const auto read_by_others =
        run("/usr/bin/python3",
            {"-c",
             "import sys\n"
             "from prometheus_client.parser import text_string_to_metric_families as read\n"
             "families = list(read(open(sys.argv[1]).read()))\n"
             "print(len(families), 'families,', sum(len(f.samples) for f in families), 'samples')\n",
             (server.home() / "metrics").string()});
    EXPECT_EQ(read_by_others.code, 0) << read_by_others.output;
    EXPECT_THAT(read_by_others.output,
                HasSubstr(std::to_string(Scrape(text).families().size()) + " families"));
}

TEST(Metrics, NameAsManyUsersAsTheOperatorAsksFor) {
    const ServerProcess server(Settings{{"DARKROOM_METRICS_USERS", "1"}});
    const auto client = server.client();
    (void)client.ended_job(client.create_with("jpeg_to_png", disc_png(48, 48)));
    const auto now = scrape(client);
    const auto& users = now.families().at("darkroom_user_storage_bytes").samples;
    ASSERT_EQ(users.size(), 2U);
    EXPECT_EQ(now.sum("darkroom_user_storage_bytes", {{"user", "other"}}), 0);
    EXPECT_GT(now.sum("darkroom_user_storage_bytes"), 100);
    EXPECT_EQ(now.sum("darkroom_jobs_ended", {{"status", "SUCCEEDED"}, {"type", "jpeg_to_png"}}), 1);
}

TEST(Metrics, OnPostgresTellWhatItsCleaningWaitsFor) {
    const auto database = testing::PostgresServer::shared().new_database();
    const ServerProcess server(Settings{{"DATABASE_URL", database->url()}});
    const auto client = server.client();
    (void)client.ended_job(client.create_with("jpeg_to_png", disc_png(48, 48)));
    const auto now = scrape(client);
    EXPECT_TRUE(now.problems().empty()) << now.problems().front();
    EXPECT_EQ(now.sum("darkroom_nodes"), 1);
    EXPECT_EQ(now.families().at("darkroom_pg_xmin_age_seconds").samples.size(), 1U);
    EXPECT_LT(now.sum("darkroom_pg_xmin_age_seconds"), 60);
    EXPECT_GE(now.families().at("darkroom_pg_dead_tuples").samples.size(), 8U);
    EXPECT_EQ(now.sum("darkroom_jobs_finished_total", {{"status", "SUCCEEDED"}}), 1);
    EXPECT_EQ(now.sum("darkroom_jobs_ended", {{"status", "SUCCEEDED"}}), 1);
    EXPECT_GT(now.sum("darkroom_commit_seconds_count"), 3);
    EXPECT_GE(now.sum("darkroom_claim_batch_size_sum"), 1);
}

class CountedJobs : public ::testing::Test {
protected:
    ServerProcess server{Settings{{"MAX_INFLIGHT", "1"}}};
    ApiClient client = server.client();
    const std::string upload = client.upload(disc_png(48, 48));
};

TEST_F(CountedJobs, SuccessFailureAndCancelMoveWhatTheyShould) {
    const auto good = client.ended_job(client.create("jpeg_to_png", "{}", upload));
    ASSERT_EQ(text_at(good, "/status"), "SUCCEEDED");
    const auto bad =
        client.ended_job(client.create_with("jpeg_to_png", damaged(shot(".jpg", 256), 700, 6'000)));
    ASSERT_EQ(text_at(bad, "/status"), "FAILED");
    server.freeze_workers();
    const auto in_work = client.create("jpeg_to_png", "{}", upload);
    (void)client.job_in(in_work, "RUNNING");
    const auto waiting = client.create("jpeg_to_png", "{}", upload);
    const auto before = scrape(client);
    EXPECT_EQ(before.sum("darkroom_jobs", {{"state", "queued"}}), 1);
    EXPECT_EQ(before.sum("darkroom_jobs", {{"state", "inflight"}}), 1);
    EXPECT_EQ(before.sum("darkroom_inflight"), 1);
    EXPECT_EQ(before.sum("darkroom_inflight_limit"), 1);
    EXPECT_EQ(client.post("/api/v1/jobs/" + waiting + "/cancel").status, 200);
    server.thaw_workers();
    EXPECT_EQ(text_at(client.ended_job(in_work), "/status"), "SUCCEEDED");

    // Told once the end is written down, which is when the client may know.
    EXPECT_TRUE(eventually([&] { return scrape(client).sum("darkroom_completions_total") == 3; }));
    const auto after = scrape(client);
    const auto ended = [&](const std::string& status) {
        return after.sum("darkroom_jobs_finished_total", {{"status", status}, {"type", "jpeg_to_png"}});
    };
    EXPECT_EQ(after.sum("darkroom_jobs_created_total", {{"source", "create"}}), 4);
    EXPECT_EQ(ended("SUCCEEDED"), 2);
    EXPECT_EQ(ended("FAILED"), 1);
    EXPECT_EQ(ended("CANCELLED"), 1);
    EXPECT_EQ(after.sum("darkroom_jobs_finished_total", {{"error_code", text_at(bad, "/error/code")}}), 1);
    EXPECT_EQ(after.sum("darkroom_attempts_total", {{"outcome", "succeeded"}}), 2);
    EXPECT_EQ(after.sum("darkroom_attempts_total", {{"outcome", "failed"}}), 1);
    EXPECT_EQ(after.sum("darkroom_completions_total", {{"via", "local"}, {"verdict", "applied"}}), 3);
    EXPECT_EQ(after.sum("darkroom_job_queue_wait_seconds_count"), 3);
    EXPECT_EQ(after.sum("darkroom_job_run_seconds_count"), 3);
    EXPECT_EQ(after.sum("darkroom_job_total_seconds_count"), 2);
    EXPECT_GT(after.sum("darkroom_job_run_seconds_sum"), 0);
    EXPECT_EQ(after.sum("darkroom_claim_batch_size_sum"), 3);
    EXPECT_GT(after.sum("darkroom_commit_seconds_count"), 10);
    EXPECT_GE(after.sum("darkroom_storage_ops_total", {{"op", "put"}, {"outcome", "ok"}}), 4);
    EXPECT_GT(after.sum("darkroom_storage_bytes_total", {{"direction", "in"}}), 0);
    EXPECT_EQ(after.sum("darkroom_http_requests_total",
                        {{"route", "/api/v1/jobs"}, {"method", "POST"}, {"code", "201"}}),
              4);
    EXPECT_EQ(after.sum("darkroom_dispatcher_leader"), 1);
    EXPECT_EQ(after.sum("darkroom_db_up"), 1);
}

TEST_F(CountedJobs, AnEventStreamIsSeenWhileItIsOpen) {
    const auto job = client.create("jpeg_to_png", "{}", upload);
    (void)client.ended_job(job);
    server.freeze_workers();
    const auto open = client.create("jpeg_to_png", "{}", upload);
    {
        RawClient stream(server.port());
        stream.send("GET /api/v1/jobs/" + open +
                    "/events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n" +
                    "Authorization: Bearer " + server.key() + "\r\n\r\n");
        ASSERT_TRUE(stream.read_head());
        EXPECT_TRUE(eventually([&] { return scrape(client).sum("darkroom_sse_connections") == 1; }));
    }
    EXPECT_TRUE(eventually([&] { return scrape(client).sum("darkroom_sse_connections") == 0; }));
    server.thaw_workers();
    (void)client.ended_job(open);
}

TEST_F(CountedJobs, NamesNoUserNoJobAndNoSecret) {
    const std::string user = "canary-user-5521";
    auto request = job_request("jpeg_to_png", "{}", upload);
    request.insert(1, R"("user_id":")" + user + R"(",)");
    const auto created = client.post("/api/v1/jobs", request);
    ASSERT_EQ(created.status, 201) << created.body();
    const auto job = client.ended_job(text_at(created.json(), "/id"));
    (void)server.client_with("canary-wrong-key-77").get("/api/v1/jobs");
    (void)client.get("/canary-path-9?canary=1");
    const auto link = target_of(text_at(job, "/outputs/0/url"));
    EXPECT_EQ(client.get(link).status, 200);
    const auto text = client.get("/metrics").body();
    const std::vector<std::string> secrets{user,
                                           text_at(job, "/id"),
                                           text_at(job, "/attempts/0/id"),
                                           upload,
                                           server.key(),
                                           server.signing_key(),
                                           "canary",
                                           "shoe",
                                           link.substr(link.rfind('/') + 1),
                                           server.data_dir().string()};
    for (const auto& secret : secrets) EXPECT_EQ(text.find(secret), std::string::npos) << secret;
}

class ShippedFiles : public ::testing::Test {
protected:
    static std::string file(const std::string& path) { return testing::read_file(repository / path); }
    const ServerProcess server;
};

TEST_F(ShippedFiles, SpeakOfMetricsThatThereAre) {
    const auto now = scrape(server.client());
    for (const auto* path : {"deploy/grafana/darkroom.json", "deploy/prometheus/alerts.yml"}) {
        const auto names = metrics_named_in(file(path));
        EXPECT_GE(names.size(), 10U) << path;
        for (const auto& name : names) EXPECT_TRUE(now.knows(name)) << path << " names " << name;
    }
}

TEST_F(ShippedFiles, TheDocumentNamesAllMetricsAndNoOthers) {
    const auto now = scrape(server.client());
    const auto document = file("docs/metrics.md");
    for (const auto& [name, family] : now.families())
        EXPECT_THAT(document, HasSubstr("`" + name + "`")) << "docs/metrics.md";
    for (const auto& name : metrics_named_in(document))
        EXPECT_TRUE(now.knows(name) || name == "darkroom_queue" || name == "darkroom_pg") << name;
}

TEST_F(ShippedFiles, EveryAlertHasItsPage) {
    const auto alerts = file("deploy/prometheus/alerts.yml");
    static const std::regex page(R"(runbook: (docs/runbook/[a-z-]+\.md))");
    const auto count_of = [&](const std::string& word) {
        const std::regex each(word);
        return std::distance(std::sregex_iterator(alerts.begin(), alerts.end(), each),
                             std::sregex_iterator());
    };
    EXPECT_EQ(count_of("- alert: "), count_of("runbook: docs/"));
    for (auto it = std::sregex_iterator(alerts.begin(), alerts.end(), page); it != std::sregex_iterator();
         ++it)
        EXPECT_GT(file((*it)[1]).size(), 200U) << (*it)[1];
}

TEST_F(ShippedFiles, EveryAlertIsSeenToFire) {
    const auto alerts = file("deploy/prometheus/alerts.yml");
    const auto cases = file("deploy/prometheus/alerts_test.yml");
    static const std::regex name(R"(- alert: (\w+))");
    for (auto it = std::sregex_iterator(alerts.begin(), alerts.end(), name); it != std::sregex_iterator();
         ++it)
        EXPECT_THAT(cases, HasSubstr("alertname: " + (*it)[1].str() + "\n        exp_alerts:\n")) << (*it)[1];
}

TEST_F(ShippedFiles, PassPrometheusOwnChecks) {
    auto promtool = find_program("promtool");
    if (promtool.empty() && std::filesystem::exists(DR_PROMTOOL)) promtool = DR_PROMTOOL;
    if (promtool.empty()) GTEST_SKIP() << "there is no promtool: ./dev setup test fetches it from Debian";
    const auto folder = (repository / "deploy/prometheus").string();
    const auto config = run(promtool, {"check", "config", "--syntax-only", folder + "/prometheus.yml"});
    EXPECT_EQ(config.code, 0) << config.output;
    const auto rules = run(promtool, {"check", "rules", folder + "/alerts.yml"});
    EXPECT_EQ(rules.code, 0) << rules.output;
    const auto cases = run(promtool, {"test", "rules", folder + "/alerts_test.yml"});
    EXPECT_EQ(cases.code, 0) << cases.output;
}

}  // namespace
}  // namespace darkroom::e2e
