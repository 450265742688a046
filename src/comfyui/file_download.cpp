#include "comfyui/file_download.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "comfyui/trouble.h"

namespace darkroom::comfyui {
namespace {

constexpr Milliseconds base_timeout{60'000};
constexpr Milliseconds idle_timeout{20'000};
constexpr Milliseconds per_mib{1'000};
constexpr Milliseconds first_pause{250};
constexpr int gone_status = 404;

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string_view header_of(const ports::HttpFields& headers, std::string_view lower_name) {
    for (const auto& [name, value] : headers) {
        if (name.size() == lower_name.size() && speaks_of(name, lower_name)) return value;
    }
    return {};
}

// bytes 5-9/10
std::optional<std::uint64_t> begin_of_range(std::string_view value) {
    constexpr std::string_view unit = "bytes ";
    if (!value.starts_with(unit)) return std::nullopt;
    value.remove_prefix(unit.size());
    return number_of(value.substr(0, value.find('-')));
}

}  // namespace

FileDownload::FileDownload(ports::OutgoingRequest request, const ComfySettings& settings,
                           ports::HttpClient& http, const ports::Clock& clock)
    : request_(std::move(request)),
      settings_(settings),
      http_(http),
      clock_(clock),
      deadline_(clock.monotonic() + base_timeout) {}

std::optional<CallError> FileDownload::problem_of_head(const ports::FetchedAnswer& head) {
    if (head.status == gone_status) return CallError{CallErrorKind::missing, "/view: no such file"};
    if (got_ > 0) return problem_of_rest(head);
    if (head.status != 200) {
        auto error = error_of_status(head.status);
        // ComfyUI says 403 of a folder that it will not look into, which is no matter of credentials.
        if (head.status == 403) error.kind = CallErrorKind::refused;
        return error;
    }
    total_ = number_of(header_of(head.headers, "content-length"));
    if (total_.value_or(0) > settings_.download_bytes_max)
        return CallError{CallErrorKind::too_large,
                         "/view: " + std::to_string(*total_) + " bytes are too many"};
    if (!has_begun_) deadline_ += per_mib * static_cast<std::int64_t>(total_.value_or(0) >> 20);
    has_begun_ = true;
    validator_ = header_of(head.headers, "etag");
    if (validator_.starts_with("W/")) validator_.clear();  // says nothing about bytes
    if (validator_.empty()) validator_ = header_of(head.headers, "last-modified");
    return std::nullopt;
}

std::optional<CallError> FileDownload::problem_of_rest(const ports::FetchedAnswer& head) const {
    if (head.status == 200) return CallError{CallErrorKind::changed, "/view: the file became another one"};
    if (head.status != 206) return error_of_status(head.status);
    if (begin_of_range(header_of(head.headers, "content-range")) != got_)
        return CallError{CallErrorKind::changed, "/view: another part than the one asked for"};
    return std::nullopt;
}

Result<void, CallError> FileDownload::ask() {
    auto request = request_;
    const auto left = std::chrono::ceil<Milliseconds>(deadline_ - clock_.monotonic());
    request.total_timeout = std::clamp(left, Milliseconds(1), base_timeout);
    request.idle_timeout = idle_timeout;
    if (got_ > 0) {
        request.headers.emplace_back("Range", "bytes=" + std::to_string(got_) + "-");
        if (!validator_.empty()) request.headers.emplace_back("If-Range", validator_);
    }
    auto answer = http_.open(request);
    if (!answer) return Fail(error_of(answer.error()));
    if (auto problem = problem_of_head((*answer)->head())) return Fail(*std::move(problem));
    answer_ = std::move(answer).value();
    return {};
}

bool FileDownload::goes_on_after(const CallError& error) {
    answer_.reset();
    const auto until = clock_.monotonic() + first_pause * (1 << (tries_ - 1));
    if (!is_worth_repeating(error) || tries_ == tries_max || until >= deadline_) return false;
    ++tries_;
    const auto wake_up = clock_.make_wake_up();
    while (clock_.monotonic() < until) wake_up->wait_until(until);
    return true;
}

Result<void, CallError> FileDownload::begin() {
    while (!answer_) {
        const auto asked = ask();
        if (!asked && !goes_on_after(asked.error())) return Fail(asked.error());
    }
    return {};
}

std::optional<CallError> FileDownload::take(std::string_view piece) {
    got_ += piece.size();
    if (got_ > settings_.download_bytes_max)
        return CallError{CallErrorKind::too_large, "/view: the file is larger than allowed"};
    if (clock_.monotonic() >= deadline_)
        return CallError{CallErrorKind::unavailable, "/view: the time for it is over"};
    digest_.update(piece);
    return std::nullopt;
}

Result<std::size_t, CallError> FileDownload::read(std::span<char> buffer) {
    for (;;) {
        if (auto begun = begin(); !begun) return Fail(std::move(begun).error());
        const auto got = answer_->read(buffer);
        if (!got) {
            const auto error = error_of(got.error());
            if (!goes_on_after(error)) return Fail(error);
            continue;
        }
        if (*got > 0) {
            if (auto problem = take({buffer.data(), *got})) return Fail(*std::move(problem));
            return *got;
        }
        if (got_ == 0) return Fail(CallError{CallErrorKind::refused, "/view: the file is empty"});
        if (total_ && got_ != *total_)
            return Fail(CallError{CallErrorKind::changed, "/view: the file ended too soon"});
        return std::size_t{0};
    }
}

}  // namespace darkroom::comfyui
