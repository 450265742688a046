#include "api/auth.h"

#include <strings.h>

namespace darkroom::api {
namespace {

constexpr std::size_t remembered_keys_max = 1'024;
constexpr std::size_t watched_addresses_max = 10'000;

// The credentials of a Bearer header (RFC 6750 §2.1), or empty.
std::string_view bearer_of(const ports::HttpRequest& request) {
    constexpr std::string_view scheme = "bearer ";
    const auto* header = request.header("Authorization");
    if (header == nullptr || header->size() <= scheme.size()) return {};
    if (::strncasecmp(header->data(), scheme.data(), scheme.size()) != 0) return {};
    auto key = std::string_view(*header).substr(scheme.size());
    while (!key.empty() && key.front() == ' ') key.remove_prefix(1);
    return key;
}

}  // namespace

Result<Caller, Problem> Authenticator::authenticate(const ports::HttpRequest& request) {
    const auto key = bearer_of(request);
    if (key.empty()) {
        return Fail(
            Problem(ProblemCode::unauthenticated, "Send your API key as \"Authorization: Bearer <key>\"."));
    }
    const auto digest = sha256(key);
    if (auto caller = remembered(digest)) return *std::move(caller);
    if (failed_too_often(request.remote_address)) {
        Problem problem(ProblemCode::too_many_failures,
                        "Too many wrong keys came from this address; wait a minute.");
        problem.retry_after_s = 60;
        return Fail(std::move(problem));
    }
    const auto known = store_.find_api_key(digest);
    if (!known) return Fail(Problem(known.error()));
    if (!*known || (*known)->revoked_at) return Fail(refuse(request.remote_address));
    Caller caller{(*known)->user, (*known)->admin, (*known)->name};
    remember(digest, caller);
    return caller;
}

std::optional<Caller> Authenticator::remembered(const Sha256Bytes& digest) {
    const std::lock_guard lock(mutex_);
    const auto it = remembered_.find(digest);
    if (it == remembered_.end() || it->second.until <= clock_.monotonic()) return std::nullopt;
    return it->second.caller;
}

void Authenticator::remember(const Sha256Bytes& digest, const Caller& caller) {
    const std::lock_guard lock(mutex_);
    if (remembered_.size() >= remembered_keys_max) remembered_.clear();
    remembered_.insert_or_assign(digest, Remembered{caller, clock_.monotonic() + limits_.remembered_for});
}

bool Authenticator::failed_too_often(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const auto it = failures_.find(address);
    return it != failures_.end() && it->second.window_ends > clock_.monotonic() &&
           it->second.count >= limits_.failures_max;
}

Problem Authenticator::refuse(const std::string& address) {
    const std::lock_guard lock(mutex_);
    if (failures_.size() >= watched_addresses_max) failures_.clear();
    auto& failures = failures_[address];
    if (failures.window_ends <= clock_.monotonic())
        failures = {0, clock_.monotonic() + limits_.failure_window};
    ++failures.count;
    return Problem(ProblemCode::unauthenticated, "The API key is not valid.");
}

}  // namespace darkroom::api
