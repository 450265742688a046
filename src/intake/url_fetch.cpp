#include "intake/url_fetch.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/log.h"
#include "intake/url_answer.h"

namespace darkroom::intake {
namespace {

constexpr std::size_t piece_bytes = 64u << 10;

UrlFailed out_of_time() { return {"The server of the URL did not send the picture in time.", true}; }

/// Another address may do better only where nothing was sent to this one.
bool try_next_address(const ports::FetchFailure& failure) {
    return failure.kind == ports::FetchError::unreachable || failure.kind == ports::FetchError::timed_out;
}

/// The next hop of a redirect. Once a picture comes by https, it is not fetched in clear.
Result<core::InputUrl, Refusal> next_hop(const core::InputUrl& from, const ports::FetchedAnswer& head) {
    const auto* const location = only_location(head);
    if (location == nullptr)
        return Fail(Refusal(UrlFailed{"The server of the URL redirected without saying where.", false}));
    auto to = core::follow_location(from, *location);
    if (!to) return Fail(Refusal(UrlRefused{"The URL redirects to one that is refused: " + to.error()}));
    if (from.https && !to->https) return Fail(Refusal(UrlRefused{"The URL redirects from https to http."}));
    return *std::move(to);
}

/// Tells the client that it was not the URL itself that is wrong.
Refusal behind_redirect(Refusal refusal) {
    if (auto* const refused = std::get_if<UrlRefused>(&refusal))
        refused->why = "The URL redirects to one that is refused: " + refused->why;
    return refusal;
}

}  // namespace

/// One of the fetches that may run at the same time.
class UrlFetch::Slot {
public:
    Slot(std::atomic<int>& under_way, int fetches_max) : under_way_(under_way) {
        free_ = under_way_.fetch_add(1) < fetches_max;
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() { under_way_.fetch_sub(1); }
    bool is_free() const { return free_; }

private:
    std::atomic<int>& under_way_;
    bool free_ = false;
};

Result<SpoolFile, Refusal> UrlFetch::fetch(const std::string& url) {
    auto parsed = core::parse_input_url(url);
    if (!parsed) return Fail(Refusal(UrlRefused{parsed.error()}));
    const Slot slot(under_way_, limits_.fetches_max);
    if (!slot.is_free()) return Fail(Refusal(TooBusy{}));
    return follow(*std::move(parsed));
}

Result<SpoolFile, Refusal> UrlFetch::follow(core::InputUrl url) {
    const auto deadline = clock_.monotonic() + limits_.time_max;
    for (int redirects = 0;; ++redirects) {
        const auto checked = check_url(std::move(url), limits_.rules, resolver_);
        if (!checked) return Fail(redirects > 0 ? behind_redirect(checked.error()) : checked.error());
        auto answer = ask(*checked, deadline);
        if (!answer) return Fail(std::move(answer).error());
        const auto& head = (*answer)->head();
        if (!is_redirect(head.status)) {
            if (auto refused = refuse_head(head, limits_.bytes_max))
                return Fail(Refusal(*std::move(refused)));
            return receive(**answer, deadline);
        }
        if (redirects == limits_.redirects_max) {
            return Fail(Refusal(UrlFailed{
                "The URL redirects more than " + std::to_string(limits_.redirects_max) + " times.", false}));
        }
        auto next = next_hop(checked->url, head);
        if (!next) return Fail(std::move(next).error());
        url = *std::move(next);
    }
}

Result<std::unique_ptr<ports::OpenAnswer>, Refusal> UrlFetch::ask(const CheckedUrl& checked,
                                                                  Instant deadline) {
    ports::OutgoingRequest request;
    request.url = checked.url.str();
    request.headers = {{"Accept", "image/*"}, {"Accept-Encoding", "identity"}, {"User-Agent", "Darkroom"}};
    request.answer_bytes_max = piece_bytes;
    UrlFailed failed = out_of_time();
    const auto tries = std::min(checked.addresses.size(), static_cast<std::size_t>(limits_.addresses_max));
    for (std::size_t i = 0; i < tries; ++i) {
        const auto left = time_left(deadline);
        if (left <= Milliseconds(0)) break;
        request.connect_address = checked.addresses[i].str();
        request.total_timeout = left;
        request.connect_timeout = std::min(limits_.connect_time_max, left);
        request.idle_timeout = std::min(limits_.idle_time_max, left);
        auto answer = client_.open(request);
        if (answer) return *std::move(answer);
        log::info("an input URL could not be fetched", {{"host", checked.url.host},
                                                        {"address", request.connect_address},
                                                        {"detail", answer.error().detail}});
        failed = describe(answer.error());
        if (!try_next_address(answer.error())) break;
    }
    return Fail(Refusal(std::move(failed)));
}

Result<SpoolFile, Refusal> UrlFetch::receive(ports::OpenAnswer& answer, Instant deadline) {
    auto file = SpoolFile::create(limits_.spool_dir, random_);
    if (!file) return Fail(Refusal(file.error()));
    std::vector<char> buffer(piece_bytes);
    for (;;) {
        const auto read = answer.read(buffer);
        if (!read) return Fail(Refusal(describe(read.error())));
        if (*read == 0) return *std::move(file);
        if (file->bytes() + *read > limits_.bytes_max) return Fail(Refusal(too_large(limits_.bytes_max)));
        if (const auto written = file->write({buffer.data(), *read}); !written)
            return Fail(Refusal(written.error()));
        // A server that sends a byte now and then never idles.
        if (time_left(deadline) <= Milliseconds(0)) return Fail(Refusal(out_of_time()));
    }
}

Milliseconds UrlFetch::time_left(Instant deadline) const {
    return std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
}

}  // namespace darkroom::intake
