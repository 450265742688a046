#include "intake/url_answer.h"

#include <strings.h>

#include <charconv>

namespace darkroom::intake {
namespace {

bool same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool may_pass_later(int status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

/// Larger than `bytes_max`, or not a number that fits.
bool exceeds(std::string_view length, std::uint64_t bytes_max) {
    std::uint64_t bytes = 0;
    const auto* const end = length.data() + length.size();
    const auto read = std::from_chars(length.data(), end, bytes);
    return read.ec != std::errc() || read.ptr != end || bytes > bytes_max;
}

}  // namespace

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

const std::string* only_location(const ports::FetchedAnswer& head) {
    const std::string* location = nullptr;
    for (const auto& [name, value] : head.headers) {
        if (!same_word(name, "Location")) continue;
        if (location != nullptr) return nullptr;
        location = &value;
    }
    return location;
}

std::optional<UrlFailed> refuse_head(const ports::FetchedAnswer& head, std::uint64_t bytes_max) {
    if (head.status != 200) {
        return UrlFailed{"The server of the URL answered with status " + std::to_string(head.status) + ".",
                         may_pass_later(head.status)};
    }
    for (const auto& [name, value] : head.headers) {
        const bool encoded = same_word(name, "Content-Encoding") && !same_word(value, "identity");
        const bool coded = same_word(name, "Transfer-Encoding") && !same_word(value, "chunked");
        if (encoded || coded) {
            return UrlFailed{
                "The server of the URL sent the picture compressed, although it was asked not to.", false};
        }
        if (same_word(name, "Content-Length") && exceeds(value, bytes_max)) return too_large(bytes_max);
    }
    return std::nullopt;
}

UrlFailed too_large(std::uint64_t bytes_max) {
    return {"The file at the URL is larger than " + std::to_string(bytes_max) + " bytes.", false};
}

UrlFailed describe(const ports::FetchFailure& failure) {
    using ports::FetchError;
    switch (failure.kind) {
        case FetchError::bad_url:
            return {"The URL cannot be asked.", false};
        case FetchError::unreachable:
        case FetchError::timed_out:
            return {"The server of the URL could not be reached.", true};
        case FetchError::tls:
            return {"No secure connection to the server of the URL could be made.", false};
        case FetchError::interrupted:
        case FetchError::stopped:
        case FetchError::withheld:
        case FetchError::answer_too_large:
            break;
    }
    return {"The server of the URL broke off, or did not answer in time.", true};
}

}  // namespace darkroom::intake
