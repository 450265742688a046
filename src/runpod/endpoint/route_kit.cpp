#include "runpod/endpoint/route_kit.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/json_writer.h"

namespace darkroom::runpod::endpoint {
namespace {

constexpr Milliseconds hang_at_most{600'000};

class SlowReader : public ports::PieceReader {
public:
    SlowReader(ports::Clock& clock, Milliseconds per_byte, std::shared_ptr<const std::string> text)
        : clock_(clock), wait_(clock.make_wake_up()), per_byte_(per_byte), text_(std::move(text)) {}
    std::optional<std::size_t> read(std::span<char> buffer) override {
        if (at_ == text_->size() || buffer.empty()) return 0;
        wait_->wait_until(clock_.monotonic() + per_byte_);
        buffer[0] = (*text_)[at_++];
        return 1;
    }

private:
    ports::Clock& clock_;
    std::unique_ptr<ports::WakeUp> wait_;
    Milliseconds per_byte_;
    std::shared_ptr<const std::string> text_;
    std::size_t at_ = 0;
};

}  // namespace

ports::HttpResponse json_answer(int status, std::string json) {
    ports::HttpResponse answer;
    answer.status = status;
    answer.headers = {{"Content-Type", "application/json"}};
    answer.body = std::move(json);
    return answer;
}

ports::HttpResponse error_answer(int status, std::string_view error) {
    JsonWriter json;
    json.begin_object().member("error", error).end_object();
    return json_answer(status, json.take());
}

ports::HttpResponse no_content() {
    ports::HttpResponse answer;
    answer.status = 204;
    return answer;
}

ports::HttpResponse too_many_requests(std::int64_t retry_after_s) {
    auto answer = error_answer(429, "too many requests");
    if (retry_after_s > 0) answer.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
    return answer;
}

ports::HttpResponse html_error(int status) {
    ports::HttpResponse answer;
    answer.status = status;
    answer.headers = {{"Content-Type", "text/html; charset=UTF-8"}};
    answer.body = "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Error " +
                  std::to_string(status) + "</h1></body></html>";
    return answer;
}

ports::HttpResponse cut_answer() {
    ports::HttpResponse answer;
    answer.body = ports::NoAnswer{};
    return answer;
}

ports::HttpResponse hung_answer() {
    ports::HeldAnswer held;
    held.wait_at_most = hang_at_most;
    held.render = [](bool last) -> std::optional<ports::HttpResponse> {
        if (!last) return std::nullopt;
        return cut_answer();
    };
    ports::HttpResponse answer;
    answer.body = std::move(held);
    return answer;
}

ports::HttpResponse slow_answer(ports::Clock& clock, Milliseconds per_byte, std::string json) {
    auto answer = json_answer(200, {});
    auto text = std::make_shared<const std::string>(std::move(json));
    ports::PiecesBody pieces;
    pieces.bytes = text->size();
    pieces.open = [&clock, per_byte, text](std::uint64_t, std::uint64_t) {
        return std::unique_ptr<ports::PieceReader>(std::make_unique<SlowReader>(clock, per_byte, text));
    };
    answer.body = std::move(pieces);
    return answer;
}

bool has_key(const ports::HttpRequest& request, std::string_view key) {
    const auto* header = request.header("Authorization");
    if (header == nullptr) return false;
    std::string_view sent = *header;
    constexpr std::string_view scheme = "Bearer ";
    if (sent.starts_with(scheme)) sent.remove_prefix(scheme.size());
    return equal_constant_time(sent, key);
}

std::optional<std::int64_t> query_number(const ports::HttpRequest& request, std::string_view name) {
    const auto* text = request.query_value(name);
    if (text == nullptr) return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return number;
}

}  // namespace darkroom::runpod::endpoint
