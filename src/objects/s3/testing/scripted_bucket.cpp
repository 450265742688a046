#include "objects/s3/testing/scripted_bucket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "objects/s3/s3_headers.h"

namespace darkroom::objects {
namespace {

class ScriptedAnswer : public ports::OpenAnswer {
public:
    explicit ScriptedAnswer(Reply reply) : reply_(std::move(reply)) {
        head_.status = reply_.status;
        head_.headers = reply_.headers;
    }
    const ports::FetchedAnswer& head() const override { return head_; }
    Result<std::size_t, ports::FetchFailure> read(std::span<char> buffer) override {
        const auto end = std::min(reply_.body.size(), reply_.cut_after);
        const auto count = std::min({buffer.size(), end - at_, std::size_t{1'000}});
        if (count == 0 && end < reply_.body.size()) {
            return Fail(ports::FetchFailure{ports::FetchError::interrupted, "cut by the script"});
        }
        std::memcpy(buffer.data(), reply_.body.data() + at_, count);
        at_ += count;
        return count;
    }

private:
    Reply reply_;
    ports::FetchedAnswer head_;
    std::size_t at_ = 0;
};

}  // namespace

Reply error_reply(int status, const std::string& code, const std::string& more) {
    return {.status = status,
            .headers = {},
            .body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code>" + more + "</Error>"};
}

Reply no_reply(ports::FetchError kind) {
    Reply reply;
    reply.failure = ports::FetchFailure{kind, "as the script says"};
    return reply;
}

Reply ScriptedHttp::next(const ports::OutgoingRequest& request) {
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        if (!replies_.empty()) {
            if (before_answer) before_answer();
            auto reply = std::move(replies_.front());
            replies_.pop_front();
            return reply;
        }
    }
    if (otherwise) return otherwise(request);
    ADD_FAILURE() << "nobody expected " << request.url;
    return {.status = 418, .headers = {}, .body = {}};
}

Result<ports::FetchedAnswer, ports::FetchFailure> ScriptedHttp::fetch(const ports::OutgoingRequest& request) {
    auto reply = next(request);
    if (reply.failure) return Fail(*reply.failure);
    if (request.method == ports::HttpMethod::head) reply.body.clear();
    return ports::FetchedAnswer{reply.status, std::move(reply.headers), std::move(reply.body)};
}

Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> ScriptedHttp::open(
    const ports::OutgoingRequest& request) {
    auto reply = next(request);
    if (reply.failure) return Fail(*reply.failure);
    return std::unique_ptr<ports::OpenAnswer>(std::make_unique<ScriptedAnswer>(std::move(reply)));
}

class JumpingClock::Jump : public ports::WakeUp {
public:
    explicit Jump(const JumpingClock& clock) : clock_(clock) {}
    void set() override {}
    bool wait_until(Instant deadline) override {
        const auto wait = std::chrono::floor<Milliseconds>(deadline - clock_.monotonic_);
        clock_.waits_.push_back(wait);
        clock_.pass(wait);
        return false;
    }

private:
    const JumpingClock& clock_;
};

std::unique_ptr<ports::WakeUp> JumpingClock::make_wake_up() const { return std::make_unique<Jump>(*this); }

void JumpingClock::pass(Milliseconds time) const {
    now_ += time;
    monotonic_ += time;
}

std::string field(const ports::OutgoingRequest& request, std::string_view name) {
    const auto* value = find_header(request.headers, name);
    return value == nullptr ? std::string() : *value;
}

S3Settings scripted_settings() {
    auto settings = bucket_settings("photos", "http://s3.example:9000", "us-east-1");
    settings.access_key = "AKIAEXAMPLEKEY";
    settings.secret_key = "the/secret+key";
    settings.part_bytes = 1'000;
    settings.single_put_bytes = 4'000;
    settings.parts_at_once = 1;  // so that a script has one order
    return settings;
}

}  // namespace darkroom::objects
