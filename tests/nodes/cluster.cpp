#include "tests/nodes/cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

#include "base/json.h"
#include "tests/conformance/row_checks.h"
#include "tests/e2e/pictures.h"

namespace darkroom::e2e {
namespace {

constexpr const char* callback_secret = "a-secret-of-this-test-0123456789";

}  // namespace

Cluster::Cluster(ClusterPlan plan) : plan_(std::move(plan)), postgres_(plan_.postgres) {
    if (plan_.endpoint_max > 0) endpoint_ = std::make_unique<runpod::EndpointProcess>(plan_.endpoint_flags);
}

Cluster::~Cluster() {
    if (!::testing::Test::HasFailure()) return;
    for (const auto& node : nodes_)
        std::fprintf(stderr, "--- %s ---\n%s", node->name().c_str(), node->log().c_str());
}

Settings Cluster::settings(const std::string& name, const Settings& more) const {
    Settings settings = bucket_.settings();
    settings["DATABASE_URL"] = postgres_.url();
    settings["DARKROOM_NODE_NAME"] = name;
    settings["DARKROOM_SIGNING_SECRET"] = "signing-secret-of-all-nodes-0123456789";
    settings["DARKROOM_NODE_LEASE_S"] = std::to_string(lease.count() / 1'000);
    settings["COMFYUI_MODE"] = "local";
    if (endpoint_) {
        settings["COMFYUI_MODE"] = "serverless";
        settings["RUNPOD_API_KEY"] = "local-client-key";
        settings["RUNPOD_ENDPOINT_ID"] =
            "ep-local;name=desk;gpu=RTX 4090;max=" + std::to_string(plan_.endpoint_max);
        settings["RUNPOD_ENDPOINT_BASE_URL"] = endpoint_->base();
        settings["CALLBACK_SECRET"] = callback_secret;
    }
    for (const auto& [key, value] : plan_.settings) settings[key] = value;
    for (const auto& [key, value] : more) settings[key] = value;
    return settings;
}

NodeProcess& Cluster::start(const std::string& name, const Settings& more,
                            const testing::NetworkNamespace* network) {
    auto told = settings(name, more);
    const auto url = told["DATABASE_URL"];
    told.erase("DATABASE_URL");
    told.erase("DARKROOM_NODE_NAME");
    nodes_.push_back(std::make_unique<NodeProcess>(
        NodePlan{.name = name, .database_url = url, .settings = std::move(told), .network = network}));
    return *nodes_.back();
}

void Cluster::start_worker() {
    const auto name = "worker-" + std::to_string(workers_.size() + 1);
    const auto url = endpoint_->base() + "/ep-local";
    testing::ChildPlan plan;
    plan.program = darkroom_program();
    plan.arguments = {"worker"};
    plan.environment = {{"RUNPOD_ENDPOINT_ID", "ep-local"},
                        {"RUNPOD_POD_ID", name},
                        {"RUNPOD_AI_API_KEY", "local-worker-key"},
                        {"RUNPOD_PING_INTERVAL", "1000"},
                        {"RUNPOD_WEBHOOK_GET_JOB", url + "/job-take/$ID?gpu=LOCAL"},
                        {"RUNPOD_WEBHOOK_POST_OUTPUT", url + "/job-done/$RUNPOD_POD_ID/$ID?gpu=LOCAL"},
                        {"RUNPOD_WEBHOOK_POST_STREAM", url + "/job-stream/$RUNPOD_POD_ID/$ID?gpu=LOCAL"},
                        {"RUNPOD_WEBHOOK_PING", url + "/ping/$RUNPOD_POD_ID?gpu=LOCAL"},
                        {"RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS", "true"},
                        {"CALLBACK_SECRET", callback_secret}};
    plan.working_dir = folder_.path() / name;
    std::filesystem::create_directories(plan.working_dir);
    plan.out_file = plan.err_file = folder_.path() / (name + ".log");
    workers_.push_back(std::make_unique<testing::ChildProcess>(plan));
}

// A server that was away has forgotten the session.
std::string Cluster::value(const std::string& sql) {
    for (bool is_new = false;; is_new = true) {
        if (is_new || !session_) {
            session_ = std::make_unique<testing::PostgresSession>(postgres_.url());
            session_->run("SET search_path TO darkroom");
            is_new = true;
        }
        if (is_new) return session_->value(sql);
        const auto rows = session_->try_rows(sql);
        if (rows) return rows->empty() || rows->at(0).empty() ? "" : rows->at(0)[0].value_or("");
    }
}

std::int64_t Cluster::count(const std::string& sql) {
    const auto text = value(sql);
    return text.empty() ? 0 : std::stoll(text);
}

std::uint16_t Cluster::endpoint_port() const {
    const auto root = endpoint_->root();
    return static_cast<std::uint16_t>(std::stoi(root.substr(root.rfind(':') + 1)));
}

std::int64_t Cluster::held_by(const std::string& name, const std::string& table) {
    return count("SELECT count(*) FROM " + table +
                 " WHERE node IN (SELECT id FROM nodes WHERE gone = 0 AND name = '" + name + "')" +
                 (table == "remote_jobs" ? " AND state <> 'ended'" : ""));
}

Cluster::Submits Cluster::submits() const {
    Submits found;
    std::set<std::string> attempts;
    std::istringstream lines(endpoint_->journal());
    for (std::string line; std::getline(lines, line);) {
        const auto entry = parse_json(line);
        if (!entry || text_at(*entry, "/what") != "submit") continue;
        ++found.all;
        attempts.insert(text_at(*entry, "/darkroom/attempt"));
    }
    found.attempts = static_cast<int>(attempts.size());
    return found;
}

void Cluster::expect_paid_once(int remote_jobs) {
    EXPECT_TRUE(eventually(
        [&] { return count("SELECT count(*) FROM remote_jobs WHERE state = 'ended'") == remote_jobs; },
        Milliseconds(30'000)));
    EXPECT_EQ(count("SELECT count(*) FROM remote_jobs WHERE state <> 'ended' AND remote_id <> ''"), 0);
    EXPECT_EQ(count("SELECT sum(remote_jobs) FROM costs"), remote_jobs);
    const auto cost = count("SELECT sum(cost_micro_usd) FROM costs");
    EXPECT_GT(cost, 0);
    EXPECT_EQ(count("SELECT sum(cost_micro_usd) FROM remote_jobs"), cost);
    EXPECT_EQ(count("SELECT sum(cost_micro_usd) FROM attempts"), cost);
    EXPECT_EQ(count("SELECT sum(execution_ms) FROM costs"),
              count("SELECT sum(execution_ms) FROM remote_jobs"));
    std::printf("books: %d remote jobs, %lld micro-dollars; submits: %d\n", remote_jobs,
                static_cast<long long>(cost), submits().all);
}

void Cluster::expect_ended_once(const ApiClient& client, const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
        const auto events = client.events(id);
        EXPECT_EQ(std::count_if(events.begin(), events.end(),
                                [](const auto& event) { return text_at(event, "/status") == "SUCCEEDED"; }),
                  1)
            << id;
    }
    for (const auto& [problem, sql] : conformance::row_checks) {
        const auto found = value(sql);
        EXPECT_TRUE(found == "0" || found == "f") << problem << ": " << found;
    }
}

void expect_all_done(const ApiClient& client, const std::vector<std::string>& ids, Milliseconds at_most) {
    for (const auto& id : ids) {
        const auto job = client.ended_job(id, at_most);
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    }
}

std::vector<std::string> create_jobs(const ApiClient& client, int count) {
    std::vector<std::string> ids;
    ids.reserve(std::size_t(count));
    for (int i = 0; i < count; ++i)
        ids.push_back(client.create_with("bg_remove", disc_png(96, 64, std::uint32_t(i))));
    return ids;
}

bool wants_long_tests() { return std::getenv("DARKROOM_LONG") != nullptr; }

}  // namespace darkroom::e2e
