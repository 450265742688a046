#include "http/curl_transfer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

namespace darkroom::http {
namespace {

using ports::FetchError;
using ports::FetchFailure;
using ports::HttpMethod;

const char* name_of(HttpMethod method) {
    switch (method) {
        case HttpMethod::get:
            return "GET";
        case HttpMethod::head:
            return "HEAD";
        case HttpMethod::post:
            return "POST";
        case HttpMethod::put:
            return "PUT";
        case HttpMethod::patch:
            return "PATCH";
        case HttpMethod::del:
            return "DELETE";
        case HttpMethod::options:
            return "OPTIONS";
    }
    return "GET";
}

bool is_loopback_name(std::string_view host) {
    return host == "localhost" || host == "[::1]" || host == "::1" || host.substr(0, 4) == "127.";
}

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::optional<std::string> url_part(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return std::nullopt;
    std::string copy(text);
    curl_free(text);
    return copy;
}

bool holds_control_bytes(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

bool sends_body_always(HttpMethod method) {
    return method == HttpMethod::post || method == HttpMethod::put || method == HttpMethod::patch;
}

}  // namespace

CurlTransfer::CurlTransfer(CURL* curl, const ports::OutgoingRequest& request)
    : curl_(curl), request_(request) {}

Result<ports::FetchedAnswer, FetchFailure> CurlTransfer::run() {
    if (auto bad = prepare()) return Fail(std::move(*bad));
    const auto code = curl_easy_perform(curl_);
    if (code != CURLE_OK) return Fail(failure(code));
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    answer_.status = int(status);
    return std::move(answer_);
}

std::optional<FetchFailure> CurlTransfer::prepare() {
    if (auto bad = set_url()) return bad;
    if (auto bad = set_headers()) return bad;
    if (auto bad = set_method_and_body()) return bad;
    set_limits();
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &CurlTransfer::header_callback);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &CurlTransfer::write_callback);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, error_text_.data());
    return std::nullopt;
}

std::optional<FetchFailure> CurlTransfer::set_url() {
    const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
    if (holds_control_bytes(request_.url) ||
        curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0) != CURLUE_OK) {
        return FetchFailure{FetchError::bad_url, "the URL cannot be read"};
    }
    const auto scheme = url_part(url.get(), CURLUPART_SCHEME);
    const auto host = url_part(url.get(), CURLUPART_HOST);
    if (!scheme || !host || (*scheme != "http" && *scheme != "https")) {
        return FetchFailure{FetchError::bad_url, "the URL is not http or https"};
    }
    curl_easy_setopt(curl_, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
    // http_proxy in the environment is for the world outside, not for what runs on this machine.
    if (is_loopback_name(*host)) curl_easy_setopt(curl_, CURLOPT_PROXY, "");
    return std::nullopt;
}

std::optional<FetchFailure> CurlTransfer::set_headers() {
    // Without these two, libcurl waits a second for 100-continue before large bodies, and invents a type for
    // them.
    add_header("Expect:");
    add_header("Content-Type:");
    for (const auto& [name, value] : request_.headers) {
        if (name.empty() || holds_control_bytes(name) || holds_control_bytes(value) ||
            name.find(':') != std::string::npos) {
            return FetchFailure{FetchError::bad_url, "a header field cannot be sent"};
        }
        // "Name;" is how libcurl is told to send an empty value.
        auto line = name;
        line.append(value.empty() ? ";" : ": ").append(value);
        add_header(line);
    }
    return std::nullopt;
}

void CurlTransfer::add_header(const std::string& line) {
    auto* const list = curl_slist_append(headers_.get(), line.c_str());
    if (list == nullptr) throw std::bad_alloc();
    (void)headers_.release();  // the same list, with one more
    headers_.reset(list);
}

std::optional<FetchFailure> CurlTransfer::set_method_and_body() {
    body_bytes_ = request_.body.size();
    if (request_.body_file) {
        body_file_ = UniqueFd(::open(request_.body_file->c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!body_file_ || ::fstat(body_file_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
            return FetchFailure{FetchError::bad_url,
                                std::string("the file to send cannot be read: ") + std::strerror(errno)};
        }
        body_bytes_ = std::uint64_t(status.st_size);
    }
    if (request_.method == HttpMethod::head) {
        curl_easy_setopt(curl_, CURLOPT_NOBODY, 1L);
    } else if (sends_body_always(request_.method) || body_bytes_ > 0) {
        curl_easy_setopt(curl_, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl_, CURLOPT_INFILESIZE_LARGE, curl_off_t(body_bytes_));
        curl_easy_setopt(curl_, CURLOPT_READFUNCTION, &CurlTransfer::read_callback);
        curl_easy_setopt(curl_, CURLOPT_READDATA, this);
        curl_easy_setopt(curl_, CURLOPT_SEEKFUNCTION, &CurlTransfer::seek_callback);
        curl_easy_setopt(curl_, CURLOPT_SEEKDATA, this);
    }
    if (request_.method != HttpMethod::head)
        curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, name_of(request_.method));
    // With a body, rewind_body() keeps libcurl from repeating the request; without one, only a new connection
    // does.
    if (!is_repeatable() && body_bytes_ == 0) curl_easy_setopt(curl_, CURLOPT_FRESH_CONNECT, 1L);
    return std::nullopt;
}

void CurlTransfer::set_limits() {
    const auto milliseconds = [](Milliseconds time) { return long(std::max<std::int64_t>(time.count(), 1)); };
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request_.connect_timeout));
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, milliseconds(request_.total_timeout));
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);  // threads
    curl_easy_setopt(curl_, CURLOPT_TCP_NODELAY, 1L);
}

bool CurlTransfer::is_repeatable() const {
    return request_.method != HttpMethod::post && request_.method != HttpMethod::patch;
}

// Tells whether the other side may have seen the request: the caller must not repeat what it might have done.
FetchFailure CurlTransfer::failure(CURLcode code) const {
    const std::string text = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
    long request_bytes = 0;
    curl_easy_getinfo(curl_, CURLINFO_REQUEST_SIZE, &request_bytes);
    if (stopped_by_) return {*stopped_by_, text};
    if (request_bytes > 0) return {FetchError::interrupted, text};
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

std::size_t CurlTransfer::send_piece(char* buffer, std::size_t bytes) {
    const auto wanted = std::size_t(std::min<std::uint64_t>(bytes, body_bytes_ - body_sent_));
    std::size_t got = wanted;
    if (body_file_) {
        const auto read = ::pread(body_file_.get(), buffer, wanted, off_t(body_sent_));
        if (read < 0 || (read == 0 && wanted > 0)) return CURL_READFUNC_ABORT;  // shorter than it was
        got = std::size_t(read);
    } else {
        std::memcpy(buffer, request_.body.data() + body_sent_, wanted);
    }
    body_sent_ += got;
    if (request_.on_upload_progress && got > 0) request_.on_upload_progress(body_sent_, body_bytes_);
    return got;
}

// libcurl rewinds when it wants to send the request again.
bool CurlTransfer::rewind_body(std::int64_t offset) {
    if (!is_repeatable() || offset < 0 || std::uint64_t(offset) > body_bytes_) return false;
    body_sent_ = std::uint64_t(offset);
    return true;
}

bool CurlTransfer::take_header(std::string_view line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.substr(0, 5) == "HTTP/") {  // of an interim answer before, or of this one
        answer_.headers.clear();
        return true;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    answer_.headers.emplace_back(line.substr(0, colon), value);
    return true;
}

bool CurlTransfer::take_body(std::string_view piece) {
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    if (request_.on_body && status >= 200 && status < 300) {
        if (request_.on_body(piece)) return true;
        stopped_by_ = FetchError::stopped;
        return false;
    }
    if (answer_.body.size() + piece.size() > request_.answer_bytes_max) {
        stopped_by_ = FetchError::answer_too_large;
        return false;
    }
    answer_.body.append(piece);
    return true;
}

// Exceptions of the caller's functions must not pass through libcurl, which is C: they end the transfer.
std::size_t CurlTransfer::read_callback(char* buffer, std::size_t size, std::size_t count, void* self) {
    try {
        return static_cast<CurlTransfer*>(self)->send_piece(buffer, size * count);
    } catch (...) {
        static_cast<CurlTransfer*>(self)->stopped_by_ = FetchError::stopped;
        return CURL_READFUNC_ABORT;
    }
}

int CurlTransfer::seek_callback(void* self, curl_off_t offset, int origin) {
    const bool done = origin == SEEK_SET && static_cast<CurlTransfer*>(self)->rewind_body(offset);
    return done ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

std::size_t CurlTransfer::header_callback(char* bytes, std::size_t size, std::size_t count, void* self) {
    try {
        return static_cast<CurlTransfer*>(self)->take_header({bytes, size * count}) ? size * count : 0;
    } catch (...) {
        return 0;
    }
}

std::size_t CurlTransfer::write_callback(char* bytes, std::size_t size, std::size_t count, void* self) {
    try {
        return static_cast<CurlTransfer*>(self)->take_body({bytes, size * count}) ? size * count : 0;
    } catch (...) {
        static_cast<CurlTransfer*>(self)->stopped_by_ = FetchError::stopped;
        return 0;
    }
}

}  // namespace darkroom::http
