// What the tests of this room share: a database of their own on a real server, stores on it, and jobs.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "store/postgres/postgres_job_store.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seeded_random.h"

namespace darkroom::store {

class PgStoreTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = darkroom::testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
        server_ = std::make_unique<darkroom::testing::PostgresServer>();
        database_ = server_->new_database();
    }
    void TearDown() override {
        database_.reset();
        server_.reset();
    }

    static PostgresJobStore::Options named(const std::string& name) {
        PostgresJobStore::Options options;
        options.node.name = name;
        return options;
    }
    std::string url() const { return database_->url(); }
    /// To the same database by another way.
    std::string url_at(std::uint16_t port) const {
        auto other = url();
        const auto own = ":" + std::to_string(server_->port());
        return other.replace(other.find(own), own.size(), ":" + std::to_string(port));
    }
    std::unique_ptr<PostgresJobStore> open(const PostgresJobStore::Options& options) {
        return open_at(url(), options);
    }
    std::unique_ptr<PostgresJobStore> open_at(const std::string& at,
                                              const PostgresJobStore::Options& options) {
        auto opened = PostgresJobStore::open(at, random_, options);
        EXPECT_TRUE(opened.ok()) << opened.error().detail;
        return *std::move(opened);
    }
    darkroom::testing::PostgresSession session() {
        darkroom::testing::PostgresSession session(server_->admin_url(database_->name()));
        session.run("SET search_path = darkroom, public");
        return session;
    }
    std::string value(const std::string& sql) { return session().value(sql); }

    ports::NewJob job(const std::string& owner = "ann") {
        ports::NewJob request;
        request.job.id = random_.id<JobId>();
        request.job.user = *UserId::parse(owner);
        request.job.type = "bg_remove";
        request.job.backend = "local";
        request.job.params_json = request.job.params_effective_json = request.job.metadata_json = "{}";
        request.job.created_at = now_;
        request.actor = "key:app";
        return request;
    }
    ports::ClaimRequest request(int inflight_max, const std::string& endpoint = "gpu") const {
        ports::ClaimRequest claim;
        claim.backend = "local";
        claim.endpoint = endpoint;
        claim.inflight_max = inflight_max;
        claim.now = now_;
        return claim;
    }
    AttemptId claim_one(ports::JobStore& store) {
        const auto claimed = store.claim(request(1'000));
        EXPECT_TRUE(claimed.ok() && claimed->size() == 1);
        return claimed->at(0).job.attempts.back().id;
    }
    static bool exists(ports::JobStore& store, const JobId& job) {
        const auto found = store.find_job(ports::Access::everyone(), job);
        EXPECT_TRUE(found.ok()) << found.error().detail;
        return found.ok() && found->has_value();
    }
    /// Polls until it is so; false after `at_most`.
    template <class Condition>
    static bool becomes_true(const Condition& condition, Milliseconds at_most = Milliseconds(20'000)) {
        const auto deadline = steady_now() + at_most;
        while (!condition()) {
            if (steady_now() > deadline) return false;
            pause_for(Milliseconds(10));
        }
        return true;
    }

    const TimePoint now_ = from_unix_ms(1'790'000'000'000);
    darkroom::testing::SeededRandom random_{17};
    std::unique_ptr<darkroom::testing::PostgresServer> server_;
    std::unique_ptr<darkroom::testing::PostgresDatabase> database_;
};

}  // namespace darkroom::store
