#include "http/curl_transfer.h"

#include <poll.h>

#include <algorithm>

namespace darkroom::http {
namespace {

using ports::FetchError;
using ports::FetchFailure;
using ports::HttpMethod;

// What is read from a socket at once: large enough for a fast store, small enough for many slow ones.
constexpr long receive_bytes = 65'536;

CurlTransfer::Failure no_head() { return FetchFailure{FetchError::interrupted, "the answer has no head"}; }

bool is_readable(int fd) {
    if (fd < 0) return false;
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0;
}

bool sends_body_always(HttpMethod method) {
    return method == HttpMethod::post || method == HttpMethod::put || method == HttpMethod::patch;
}

}  // namespace

CurlTransfer::CurlTransfer(CurlLane& lane, const ports::OutgoingRequest& request, const OutgoingUrl& url,
                           Sink sink)
    : lane_(lane), request_(request), url_(url), sink_(std::move(sink)) {}

CurlTransfer::Failure CurlTransfer::begin() {
    if (auto bad = set_headers()) return bad;
    auto body = OutgoingBody::of(request_);
    if (!body) return std::move(body).error();
    body_ = std::move(*body);
    set_target();
    set_method_and_body();
    set_callbacks();
    lane_.begin();
    return std::nullopt;
}

CurlTransfer::Failure CurlTransfer::run(const std::function<bool()>& enough,
                                        std::optional<Milliseconds> at_most) {
    const auto begun = std::chrono::steady_clock::now();
    last_movement_ = begun;
    while (true) {
        if (is_readable(request_.stop_fd)) return FetchFailure{FetchError::stopped, "stopped"};
        step();
        if (enough()) return std::nullopt;
        if (result_ && *result_ != CURLE_OK) return failure(*result_);
        if (result_) return has_head_ ? std::nullopt : no_head();
        const auto now = std::chrono::steady_clock::now();
        auto wait = Milliseconds(60'000);
        if (at_most) {
            const auto left = *at_most - std::chrono::duration_cast<Milliseconds>(now - begun);
            if (left <= Milliseconds(0)) return gave_up("the answer was not there after", *at_most);
            wait = std::min(wait, left);
        }
        if (request_.idle_timeout > Milliseconds(0)) {
            const auto left = quiet_time_left(now);
            if (!left) return gave_up("no byte moved for", request_.idle_timeout);
            wait = std::min(wait, *left);
        }
        lane_.wait(wait, request_.stop_fd);
    }
}

void CurlTransfer::step() {
    if (!result_) result_ = lane_.step();
}

void CurlTransfer::resume() {
    if (!paused_ || result_) return;
    paused_ = false;
    curl_easy_pause(lane_.easy(), CURLPAUSE_CONT);
}

// nullopt = it has been quiet for too long. What the kernel sends is seen only by looking, so it is looked at
// more often than the time is long.
std::optional<Milliseconds> CurlTransfer::quiet_time_left(Instant now) {
    const auto movement = lane_.movement();
    if (movement != movement_ || !lane_.has_sent()) {  // connecting has a time limit of its own
        movement_ = movement;
        last_movement_ = now;
    }
    const auto left = request_.idle_timeout - std::chrono::duration_cast<Milliseconds>(now - last_movement_);
    if (left <= Milliseconds(0)) return std::nullopt;
    return std::min(left, std::max(request_.idle_timeout / 4, Milliseconds(1)));
}

void CurlTransfer::append(List& list, const std::string& line) {
    auto* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)list.release();  // the same list, with one more
    list.reset(longer);
}

CurlTransfer::Failure CurlTransfer::set_headers() {
    // Without these two, libcurl waits a second for 100-continue before large bodies, and invents a type for
    // them.
    append(headers_, "Expect:");
    append(headers_, "Content-Type:");
    for (const auto& [name, value] : request_.headers) {
        if (name.empty() || holds_control_bytes(name) || holds_control_bytes(value) ||
            name.find(':') != std::string::npos) {
            return FetchFailure{FetchError::bad_url, "a header field cannot be sent"};
        }
        // "Name;" is how libcurl is told to send an empty value.
        auto line = name;
        line.append(value.empty() ? ";" : ": ").append(value);
        append(headers_, line);
    }
    curl_easy_setopt(lane_.easy(), CURLOPT_HTTPHEADER, headers_.get());
    return std::nullopt;
}

void CurlTransfer::set_target() {
    auto* const curl = lane_.easy();
    curl_easy_setopt(curl, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    // Lanes are not shared, so HTTP/2 would only add a second layer of flow control.
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    // http_proxy in the environment is for the world outside, not for what runs on this machine; and it would
    // resolve the name again, after a guard has decided which of its addresses may be connected to.
    if (url_.is_loopback || !url_.connect_to.empty()) curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's answer is not the answer
    if (!url_.connect_to.empty()) {
        append(connect_to_, url_.connect_to);
        curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to_.get());
    }
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     long(std::max<std::int64_t>(request_.connect_timeout.count(), 1)));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);  // threads
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, receive_bytes);
}

void CurlTransfer::set_method_and_body() {
    auto* const curl = lane_.easy();
    if (request_.method == HttpMethod::head) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    if (sends_body_always(request_.method) || body_.bytes() > 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(body_.bytes()));
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, &CurlTransfer::read_callback);
        curl_easy_setopt(curl, CURLOPT_READDATA, this);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &CurlTransfer::seek_callback);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, this);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, name_of(request_.method).data());
    // With a body, seek_callback() keeps libcurl from repeating the request; without one, only a new
    // connection does.
    if (!is_repeatable() && body_.bytes() == 0) curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
}

void CurlTransfer::set_callbacks() {
    auto* const curl = lane_.easy();
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &CurlTransfer::header_callback);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &CurlTransfer::write_callback);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text_.data());
    if (request_.may_send) {
        curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, &CurlTransfer::before_request);
        curl_easy_setopt(curl, CURLOPT_PREREQDATA, this);
    }
}

bool CurlTransfer::is_repeatable() const {
    return request_.method != HttpMethod::post && request_.method != HttpMethod::patch;
}

FetchFailure CurlTransfer::gave_up(const std::string& why, Milliseconds after) const {
    const auto kind = lane_.has_sent() ? FetchError::interrupted : FetchError::timed_out;
    return {kind, why + " " + std::to_string(after.count()) + " ms"};
}

// Tells whether the other side may have seen the request: the caller must not repeat what it might have done.
FetchFailure CurlTransfer::failure(CURLcode code) const {
    const std::string_view own = error_text_.data();
    // What libcurl says of a proxy may hold the proxy's URL, with a password.
    const bool about_proxy = own.find("roxy") != std::string_view::npos;
    const bool tellable = !own.empty() && !about_proxy && !tells_secret(own, url_);
    const auto text = (about_proxy ? "by way of a proxy: " : "") +
                      (tellable ? std::string(own) : std::string(curl_easy_strerror(code)));
    if (stopped_by_) return {*stopped_by_, text};
    if (lane_.has_sent()) return {FetchError::interrupted, text};
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
            return {FetchError::unreachable, text};
        case CURLE_OPERATION_TIMEDOUT:
            return {FetchError::timed_out, text};
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
            return {FetchError::tls, text};
        default:
            return {FetchError::interrupted, text};  // nothing is known, so the worst is assumed
    }
}

std::size_t CurlTransfer::send_piece(std::span<char> buffer) {
    const auto got = body_.read(buffer);
    if (!got) return CURL_READFUNC_ABORT;
    if (request_.on_upload_progress && *got > 0) request_.on_upload_progress(body_.sent(), body_.bytes());
    return *got;
}

void CurlTransfer::take_header(std::string_view line) {
    if (has_head_) return;  // fields after a chunked body: nobody here needs them
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.substr(0, 5) == "HTTP/") {  // of an interim answer before, or of this one
        answer_.headers.clear();
        return;
    }
    if (line.empty()) {
        long status = 0;
        curl_easy_getinfo(lane_.easy(), CURLINFO_RESPONSE_CODE, &status);
        answer_.status = int(status);
        has_head_ = status >= 200;
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    answer_.headers.emplace_back(line.substr(0, colon), value);
}

std::size_t CurlTransfer::take_body(std::string_view piece) {
    switch (sink_(answer_, piece)) {
        case Take::taken:
            return piece.size();
        case Take::later:
            paused_ = true;
            return CURL_WRITEFUNC_PAUSE;
        case Take::stopped:
            stopped_by_ = FetchError::stopped;
            return 0;
        case Take::too_large:
            stopped_by_ = FetchError::answer_too_large;
            return 0;
    }
    return 0;
}

// Exceptions of the caller's functions must not pass through libcurl, which is C: they end the transfer.
std::size_t CurlTransfer::read_callback(char* buffer, std::size_t size, std::size_t count, void* self) {
    try {
        return static_cast<CurlTransfer*>(self)->send_piece({buffer, size * count});
    } catch (...) {
        static_cast<CurlTransfer*>(self)->stopped_by_ = FetchError::stopped;
        return CURL_READFUNC_ABORT;
    }
}

int CurlTransfer::before_request(void* self, char*, char*, int, int) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    try {
        if (transfer.request_.may_send()) return CURL_PREREQFUNC_OK;
    } catch (...) {
        // As a no.
    }
    transfer.stopped_by_ = FetchError::withheld;
    return CURL_PREREQFUNC_ABORT;
}

// libcurl rewinds when it wants to send the request again.
int CurlTransfer::seek_callback(void* self, curl_off_t offset, int origin) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const bool done = transfer.is_repeatable() && origin == SEEK_SET && offset >= 0 &&
                      transfer.body_.seek(std::uint64_t(offset));
    return done ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

std::size_t CurlTransfer::header_callback(char* bytes, std::size_t size, std::size_t count, void* self) {
    try {
        static_cast<CurlTransfer*>(self)->take_header({bytes, size * count});
        return size * count;
    } catch (...) {
        return 0;
    }
}

std::size_t CurlTransfer::write_callback(char* bytes, std::size_t size, std::size_t count, void* self) {
    if (size * count == 0) return 0;  // an empty body
    try {
        return static_cast<CurlTransfer*>(self)->take_body({bytes, size * count});
    } catch (...) {
        static_cast<CurlTransfer*>(self)->stopped_by_ = FetchError::stopped;
        return 0;
    }
}

}  // namespace darkroom::http
