// Who is asking. Keys come in `Authorization: Bearer` only; the store knows their SHA-256. A key that was
// seen is remembered for a few seconds, so that a request does not cost a look-up and a revoked key still
// stops working within that time.
#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "api/problem.h"
#include "base/digest.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/job_store.h"

namespace darkroom::api {

struct Caller {
    UserId user;           // whose jobs it creates unless it names another
    bool admin = false;    // may name users, and sees everybody's jobs
    std::string key_name;  // for events
    ports::Access access() const { return admin ? ports::Access::everyone() : ports::Access::of(user); }
    std::string actor() const { return "key:" + key_name; }
};

struct AuthLimits {
    Milliseconds remembered_for{3'000};
    int failures_max = 20;  // from one address within failure_window
    Milliseconds failure_window{60'000};
};

/// Any thread.
class Authenticator {
public:
    Authenticator(ports::JobStore& store, const ports::Clock& clock, AuthLimits limits = {})
        : store_(store), clock_(clock), limits_(limits) {}

    Result<Caller, Problem> authenticate(const ports::HttpRequest& request);

private:
    struct Remembered {
        Caller caller;
        Instant until;
    };
    struct Failures {
        int count = 0;
        Instant window_ends;
    };

    std::optional<Caller> remembered(const Sha256Bytes& digest);
    void remember(const Sha256Bytes& digest, const Caller& caller);
    bool failed_too_often(const std::string& address);
    Problem refuse(const std::string& address);

    ports::JobStore& store_;
    const ports::Clock& clock_;
    AuthLimits limits_;
    std::mutex mutex_;
    std::map<Sha256Bytes, Remembered> remembered_;
    std::map<std::string, Failures> failures_;
};

}  // namespace darkroom::api
