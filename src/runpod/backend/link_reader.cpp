#include "runpod/backend/link_reader.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace darkroom::runpod {
namespace {

using ports::ObjectError;
using ports::ObjectErrorKind;

constexpr std::size_t addresses_max = 4;
constexpr Milliseconds connect_time_max{5'000};
constexpr Milliseconds head_time_max{30'000};
constexpr Milliseconds idle_time_max{15'000};
constexpr Milliseconds read_time_max{180'000};  // of all of it: a byte now and then is no transfer

Failure<ObjectError> missing(std::string why) {
    return Fail(ObjectError{ObjectErrorKind::missing, std::move(why)});
}
Failure<ObjectError> later(std::string why) {
    return Fail(ObjectError{ObjectErrorKind::unavailable, std::move(why)});
}

const std::string* find_header(const ports::FetchedAnswer& head, const char* wanted) {
    const auto found = std::find_if(head.headers.begin(), head.headers.end(), [&](const auto& field) {
        return ::strcasecmp(field.first.c_str(), wanted) == 0;
    });
    return found != head.headers.end() ? &found->second : nullptr;
}

std::optional<std::uint64_t> length_of(const ports::FetchedAnswer& head) {
    const auto* const text = find_header(head, "Content-Length");
    if (text == nullptr) return std::nullopt;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return length;
}

class AnswerReader final : public ports::ObjectReader {
public:
    AnswerReader(std::unique_ptr<ports::OpenAnswer> answer, std::uint64_t bytes, const ports::Clock& clock)
        : answer_(std::move(answer)),
          bytes_(bytes),
          clock_(clock),
          deadline_(clock.monotonic() + read_time_max) {}

    std::uint64_t bytes() const override { return bytes_; }
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
        if (clock_.monotonic() >= deadline_) return later("a linked picture did not come in time");
        const auto got = answer_->read(buffer);
        if (!got) return later("a linked picture broke off: " + got.error().detail);
        return *got;
    }
    int fd() const override { return -1; }

private:
    std::unique_ptr<ports::OpenAnswer> answer_;
    const std::uint64_t bytes_;
    const ports::Clock& clock_;
    const Instant deadline_;
};

}  // namespace

LinkReader::Addresses LinkReader::addresses_of(const core::InputUrl& url) const {
    if (core::refuse_url(url, rules_)) return missing("a linked picture lies where nothing is fetched from");
    std::vector<core::IpAddress> all;
    if (url.address) {
        all.push_back(*url.address);
    } else {
        auto found = resolver_.resolve(url.host);
        if (!found) return later("the host of a linked picture has no address now: " + found.error());
        all = *std::move(found);
    }
    // One address that is refused refuses the name, whatever its others are.
    const bool refused = std::any_of(all.begin(), all.end(), [&](const core::IpAddress& address) {
        return core::refuse_address(url, address, rules_).has_value();
    });
    if (refused) return missing("a linked picture lies where nothing is fetched from");
    all.resize(std::min(all.size(), addresses_max));
    return all;
}

ports::ObjectResult<std::unique_ptr<ports::OpenAnswer>> LinkReader::ask(const core::InputUrl& url) const {
    const auto addresses = addresses_of(url);
    if (!addresses) return Fail(addresses.error());
    ports::OutgoingRequest request;
    request.url = url.str();
    request.headers = {{"Accept-Encoding", "identity"}, {"User-Agent", "Darkroom"}};
    request.connect_timeout = connect_time_max;
    request.total_timeout = head_time_max;
    request.idle_timeout = idle_time_max;
    std::string why = "its host has no address";
    for (const auto& address : *addresses) {
        request.connect_address = address.str();
        auto answer = http_.open(request);
        if (answer) return *std::move(answer);
        why = answer.error().detail;
        const auto kind = answer.error().kind;
        if (kind != ports::FetchError::unreachable && kind != ports::FetchError::timed_out) break;
    }
    return later("a linked picture at " + url.host + " was not reached: " + why);
}

ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> LinkReader::open(const std::string& url) const {
    const auto parsed = core::parse_input_url(url);
    if (!parsed) return missing("the URL of a linked picture is none: " + parsed.error());
    auto answer = ask(*parsed);
    if (!answer) return Fail(answer.error());
    const auto& head = (*answer)->head();
    const auto told =
        "a linked picture at " + parsed->host + " was answered with " + std::to_string(head.status);
    if (head.status == 429 || head.status >= 500) return later(told);
    if (head.status != 200) return missing(told);
    const auto* const encoding = find_header(head, "Content-Encoding");
    if (encoding != nullptr && *encoding != "identity") return missing("a linked picture comes encoded");
    const auto length = length_of(head);
    if (!length) return missing("the length of a linked picture is not told");
    return std::unique_ptr<ports::ObjectReader>(
        std::make_unique<AnswerReader>(*std::move(answer), *length, clock_));
}

}  // namespace darkroom::runpod
