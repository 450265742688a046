// The API around stores in memory and a dispatcher that says what a test wants: requests in, answers out,
// without a server.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "api/api.h"
#include "base/json.h"
#include "tests/support/unused_remote_job_store.h"
#include "tests/support/upload_world.h"

namespace darkroom::api::testing {

/// Knows two keys, "the admin's key" and "a user's key", and keeps what is created.
class ApiStore : public darkroom::testing::UploadMemory {
public:
    ports::StoreResult<std::optional<ports::ApiKey>> find_api_key(const Sha256Bytes& digest) override {
        ports::ApiKey key;
        key.digest = digest;
        key.admin = digest == sha256("the admin's key");
        key.user = *UserId::parse(key.admin ? "admin" : "ann");
        if (!key.admin && digest != sha256("a user's key")) return std::optional<ports::ApiKey>();
        return std::optional(key);
    }
    ports::StoreResult<ports::CreateOutcome> create_job(const ports::NewJob& created) override {
        jobs.push_back(created.job);
        orders.push_back(created);
        return ports::CreateOutcome(ports::JobCreated{});
    }
    ports::StoreResult<std::optional<core::Job>> find_job(const ports::Access& access,
                                                          const JobId& id) override {
        for (const auto& job : jobs)
            if (job.id == id && access.allows(job.user)) return std::optional(job);
        return std::optional<core::Job>();
    }
    ports::StoreResult<ports::RequeueOutcome> rerun_job(const ports::Access&, const JobId&,
                                                        const ports::WorkPlan& plan, const std::string&,
                                                        TimePoint) override {
        reruns.push_back(plan);
        return rerun_outcome;
    }
    ports::StoreResult<ports::SelectOutcome> select_attempt(const ports::Access&, const JobId&,
                                                            const AttemptId& attempt, const std::string&,
                                                            TimePoint) override {
        selected.push_back(attempt);
        return select_outcome;
    }
    ports::StoreResult<ports::CancelOutcome> cancel_job(const ports::Access&, const JobId&,
                                                        const std::string&, TimePoint) override {
        return cancel_outcome;
    }
    ports::StoreResult<ports::RequeueOutcome> requeue_job(const ports::Access&, const JobId&,
                                                          const std::string&, TimePoint) override {
        return requeue_outcome;
    }
    ports::StoreResult<ports::JobPage> list_jobs(const ports::Access&, const ports::JobFilter& filter,
                                                 std::int64_t, int) override {
        filters.push_back(filter);
        return ports::JobPage{jobs, 0};
    }
    ports::StoreResult<ports::AuditPage> list_audit(TimePoint since, std::int64_t after,
                                                    int count_max) override {
        audits.push_back({since, after, count_max});
        return audit;
    }
    ports::StoreResult<void> put_share(const ports::UserShare& share) override {
        std::erase_if(shares, [&](const auto& one) { return one.user == share.user; });
        shares.push_back(share);
        return {};
    }
    ports::StoreResult<std::vector<ports::UserShare>> list_shares() override { return shares; }
    ports::StoreResult<std::vector<ports::UserStanding>> list_users(const std::string& after,
                                                                    int count_max) override {
        std::vector<ports::UserStanding> page;
        for (const auto& user : users) {
            if (user.share.user.str() > after && std::ssize(page) < count_max) page.push_back(user);
        }
        return page;
    }
    ports::StoreResult<void> ping() override { return {}; }

    std::vector<core::Job> jobs;
    std::vector<ports::NewJob> orders;  // as they were asked for
    std::vector<ports::WorkPlan> reruns;
    std::vector<ports::UserShare> shares;
    std::vector<ports::UserStanding> users;
    std::vector<AttemptId> selected;
    std::vector<ports::JobFilter> filters;
    struct AuditQuestion {
        TimePoint since;
        std::int64_t after;
        int count_max;
    };
    std::vector<AuditQuestion> audits;
    // What the store is to answer.
    ports::AuditPage audit;
    ports::RequeueOutcome rerun_outcome = ports::JobRequeued{};
    ports::RequeueOutcome requeue_outcome = ports::JobRequeued{};
    ports::CancelOutcome cancel_outcome = ports::JobCancelled{};
    ports::SelectOutcome select_outcome = ports::AttemptSelected{};
};

class RemoteBooks : public darkroom::testing::UnusedRemoteJobStore {
public:
    ports::StoreResult<std::vector<ports::CostRow>> list_costs(const std::string& first_day,
                                                               const std::string& last_day) override {
        asked_days = {first_day, last_day};
        if (broken) return refused();
        return costs;
    }
    ports::StoreResult<ports::RemoteJobPage> list_remote_jobs(std::int64_t after, int count_max) override {
        asked_page = {after, count_max};
        return page;
    }

    bool broken = false;
    std::vector<ports::CostRow> costs;
    ports::RemoteJobPage page;
    std::pair<std::string, std::string> asked_days;
    std::pair<std::int64_t, int> asked_page;
};

class QuietDispatcher : public ports::DispatchControl {
public:
    ports::StoreResult<ports::RoundReport> run_round() override { return ports::RoundReport{}; }
    void stop_attempt(const AttemptId&) override {}
    std::optional<std::string> storage_trouble() const override { return storage; }
    std::optional<std::string> dispatch_trouble() const override { return dispatch; }

    std::optional<std::string> storage;
    std::optional<std::string> dispatch;
};

class ApiTest : public ::testing::Test, protected darkroom::testing::UploadWorld {
protected:
    /// Before the first request.
    void set_backends(std::vector<std::string> backends) { settings.backends = std::move(backends); }
    void set_recipes(std::vector<recipes::RecipeText> texts, const recipes::LicencePolicy& licences = {}) {
        book = std::make_shared<const recipes::RecipeBook>(std::move(texts), licences);
    }

    struct Told {
        int status = 0;
        boost::json::value json;
        std::string at(std::string_view pointer) const {
            boost::system::error_code error;
            const auto* value =
                json.find_pointer(boost::json::string_view(pointer.data(), pointer.size()), error);
            if (value == nullptr) return "(none)";
            return value->is_string() ? std::string(value->as_string()) : boost::json::serialize(*value);
        }
        std::string text;
    };

    Told call(ports::HttpMethod method, const std::string& pattern, const std::string& key,
              ports::HttpFields query = {}, std::string body = {}, std::vector<std::string> params = {}) {
        if (!api) api = std::make_unique<Api>(context());
        for (auto& route : api->routes()) {
            if (route.pattern != pattern || route.method != method) continue;
            ports::HttpRequest request;
            request.method = method;
            request.path = pattern;
            request.query = std::move(query);
            request.headers = {{"Authorization", "Bearer " + key}, {"Content-Type", "application/json"}};
            request.path_params = std::move(params);
            request.body = std::move(body);
            request.id = "req_1";
            auto response = route.handle(request);
            Told told{response.status, {}, std::get<std::string>(response.body)};
            if (auto parsed = parse_json(told.text)) told.json = *std::move(parsed);
            return told;
        }
        return {};
    }
    Told get(const std::string& pattern, ports::HttpFields query = {}, const std::string& key = admin) {
        return call(ports::HttpMethod::get, pattern, key, std::move(query));
    }
    Told create(const std::string& more) {
        return post_job(R"({"type":"bg_remove","inputs":[{"upload":")" + ready_upload() + "\"}]" + more +
                        "}");
    }
    Told post_job(const std::string& body) {
        return call(ports::HttpMethod::post, "/api/v1/jobs", "a user's key", {}, body);
    }
    /// With one picture; `more` has type and all else.
    Told create_job(const std::string& more) {
        return post_job(R"({"inputs":[{"upload":")" + ready_upload() + "\"}]," + more + "}");
    }
    Told show(const core::Job& job) {
        return call(ports::HttpMethod::get, "/api/v1/jobs/{uuid}", admin, {}, {}, {job.id.str()});
    }

    static inline const std::string admin = "the admin's key";
    ApiStore store;
    RemoteBooks books;
    QuietDispatcher dispatcher;
    ApiSettings settings;
    const ports::ProgressBoard* board = nullptr;
    std::shared_ptr<const recipes::RecipeBook> book = std::make_shared<const recipes::RecipeBook>(
        std::vector<recipes::RecipeText>(), recipes::LicencePolicy());

    std::string ready_upload(const std::string& name = "shoe.png", std::uint32_t width = 64,
                             std::uint32_t height = 48) {
        core::Upload upload;
        upload.id = random_.id<UploadId>();
        upload.user = *UserId::parse("ann");
        upload.ready = true;
        upload.expires_at = clock_.now() + Milliseconds(1'000'000);
        upload.image = core::InputImage{.name = name,
                                        .key = core::ObjectKey::uploaded(upload.id, "png"),
                                        .content_type = "image/png",
                                        .bytes = 100,
                                        .width = width,
                                        .height = height,
                                        .sha256 = "00",
                                        .version = "1"};
        EXPECT_TRUE(store.create_upload(upload).ok());
        return upload.id.str();
    }

private:
    ApiContext context() {
        settings.transfer_secret = "a secret";
        settings.base_url = "http://127.0.0.1:1";
        return {store,   books, objects_,      intake,   dispatcher, clock_,
                random_, watch, authenticator, settings, nullptr,    [this] { return book; },
                board};
    }
    intake::Intake intake{store, objects_, web_, resolver_, clock_, random_, {}};
    JobWatch watch;
    Authenticator authenticator{store, clock_};
    std::unique_ptr<Api> api;
};

}  // namespace darkroom::api::testing
