// A receiver of webhooks around a store that remembers what it is told and counts every touch, and requests
// as the server would hand them over.
#pragma once
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "core/attempt_token.h"
#include "runpod/protocol/work_callback.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unused_remote_job_store.h"
#include "webhooks/webhooks.h"

namespace darkroom::webhooks::testing {

/// Plays the three functions that webhooks need. Any thread.
class InboxStore : public darkroom::testing::UnusedRemoteJobStore {
public:
    ports::StoreResult<ports::Received> receive(const ports::InboxEntry& entry) override {
        const std::lock_guard lock(mutex);
        ++touches;
        if (down) return refused();
        if (!entry.once.empty() && !seen.insert(entry.once).second) return ports::Received::replayed;
        inbox.push_back(entry);
        return ports::Received::stored;
    }
    ports::StoreResult<std::optional<AttemptId>> find_attempt_of(const std::string& remote_id) override {
        const std::lock_guard lock(mutex);
        ++touches;
        if (down) return refused();
        const auto found = attempt_of.find(remote_id);
        return found == attempt_of.end() ? std::nullopt : std::optional(found->second);
    }
    ports::StoreResult<ports::ClaimAnswer> claim_work(const AttemptId& attempt, const std::string& remote_id,
                                                      const std::string& worker, TimePoint) override {
        const std::lock_guard lock(mutex);
        ++touches;
        if (down) return refused();
        claims.push_back(attempt.str() + " " + remote_id + " " + worker);
        return claim_answer;
    }

    std::mutex mutex;
    bool down = false;
    int touches = 0;
    std::vector<ports::InboxEntry> inbox;
    std::set<std::string> seen;
    std::map<std::string, AttemptId> attempt_of;
    std::vector<std::string> claims;
    ports::ClaimAnswer claim_answer = ports::ClaimAnswer::granted;
};

inline AttemptId attempt_number(std::uint8_t number) {
    UuidBytes bytes{};
    bytes.back() = number;
    return AttemptId::from_random(bytes);
}

inline const std::string attempt_secret = "the secret of attempts, 32 bytes";
inline const std::string new_secret_text = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
inline const std::string old_secret_text = "a secret of last week";

inline runpod::CallbackSecret secret_of(std::string_view text) {
    return runpod::CallbackSecret::parse(text).value();
}

/// What a test looks at in an answer.
struct Told {
    int status = 0;
    std::string content_type;
    std::string body;
};

class WebhooksTest : public ::testing::Test {
protected:
    /// As the server does: the head is judged first, then the limit of the route, then the body comes.
    Told send(const std::string& path, ports::HttpFields query, ports::HttpFields headers, std::string body) {
        return send_to(hooks, path, std::move(query), std::move(headers), std::move(body));
    }
    Told send_to(Webhooks& receiver, const std::string& path, ports::HttpFields query,
                 ports::HttpFields headers, std::string body) {
        for (auto& route : receiver.routes()) {
            if (route.pattern != path || route.method != ports::HttpMethod::post) continue;
            ports::HttpRequest request;
            request.method = ports::HttpMethod::post;
            request.path = path;
            request.query = std::move(query);
            request.headers = std::move(headers);
            request.content_length = body.size();
            request.id = "req_1";
            if (body.size() > route.body.bytes_max) return {413, "", ""};
            auto bytes_max = route.body.bytes_max;
            if (route.check_head) {
                if (auto early = route.check_head(request, bytes_max)) return told_of(std::move(*early));
            }
            put_body(request, route, std::move(body));
            return told_of(route.handle(request));
        }
        return {404, "", "no such route"};
    }
    Told complete(const std::string& token, std::string body) {
        return send("/webhooks/runpod-completion", {{"token", token}}, {}, std::move(body));
    }
    Told claim(std::string body) { return send("/webhooks/runpod/claims", {}, {}, std::move(body)); }
    static std::string token(std::uint8_t number) {
        return core::attempt_token(attempt_number(number), attempt_secret);
    }

    darkroom::testing::ManualClock clock;
    darkroom::testing::TempDir folder;
    InboxStore store;
    Webhooks hooks{store, clock, {attempt_secret, {secret_of(new_secret_text), secret_of(old_secret_text)}}};

private:
    static Told told_of(ports::HttpResponse response) {
        Told told;
        told.status = response.status;
        for (const auto& [name, value] : response.headers)
            if (name == "Content-Type") told.content_type = value;
        told.body = std::get<std::string>(response.body);
        return told;
    }
    void put_body(ports::HttpRequest& request, const ports::HttpRoute& route, std::string body) {
        if (route.body.kind != ports::BodyPolicy::Kind::spool) {
            request.body = std::move(body);
            return;
        }
        const auto path = folder.path() / "spooled";
        std::ofstream(path, std::ios::binary) << body;
        request.spooled.emplace(path, body.size());
    }
};

}  // namespace darkroom::webhooks::testing
