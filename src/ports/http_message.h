// What a request handler sees and answers, apart from any socket. The api room is written against these
// types; the http room moves them over the wire. Handlers run on a pool thread and may block on the store;
// what waits long without working (held answers, event streams, file transfers) is handed back to the
// server's loop.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace darkroom::ports {

enum class HttpMethod { get, head, post, put, patch, del, options };
/// As on the wire, in the order of the enumerators.
inline constexpr std::array<std::string_view, 7> http_method_names{"GET",   "HEAD",   "POST",   "PUT",
                                                                   "PATCH", "DELETE", "OPTIONS"};
constexpr std::string_view name_of(HttpMethod method) {
    return http_method_names[static_cast<std::size_t>(method)];
}

/// Header fields or query parameters in the order they came. Header names compare without case.
using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// A request body that went straight to disk. The file is removed with this object unless it was moved away.
class SpooledBody {
public:
    SpooledBody(std::filesystem::path path, std::uint64_t bytes) : path_(std::move(path)), bytes_(bytes) {}
    SpooledBody(SpooledBody&& other) noexcept : path_(std::exchange(other.path_, {})), bytes_(other.bytes_) {}
    SpooledBody& operator=(SpooledBody&&) = delete;
    ~SpooledBody() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    std::filesystem::path path_;
    std::uint64_t bytes_;
};

struct HttpRequest {
    HttpMethod method = HttpMethod::get;
    std::string path;  // as sent, without the query
    HttpFields query;  // percent-decoded; repeated names stay
    HttpFields headers;
    std::vector<std::string>
        path_params;   // in the order of the pattern, percent-decoded, already matching their type
    std::string body;  // for routes that buffer
    std::optional<SpooledBody> spooled;  // for routes that spool
    std::uint64_t content_length = 0;    // as declared; known before the body is read
    std::string id;                      // this request's id, also sent back as Darkroom-Request-Id
    std::string remote_address;

    /// First value of a header, or nullptr.
    const std::string* header(std::string_view name) const;
    /// First value of a query parameter, or nullptr.
    const std::string* query_value(std::string_view name) const;
};

/// Bytes of an open file; the server honours Range and If-Range and closes the file.
struct FileBody {
    UniqueFd file;
    std::uint64_t bytes = 0;
    std::string etag;  // quoted, strong; empty = none
};

/// Bytes that are fetched from elsewhere while they are sent. The server resolves Range, then calls `open`
/// and `read` on pool threads, one piece at a time and only when the client has taken the one before: a slow
/// client holds no thread.
class PieceReader {
public:
    virtual ~PieceReader() = default;
    /// 0 = the end; nullopt = it broke, and the connection is closed so that nobody takes the rest for whole.
    virtual std::optional<std::size_t> read(std::span<char> buffer) = 0;
};
struct PiecesBody {
    std::uint64_t bytes = 0;  // of the whole
    std::string etag;         // quoted, strong; empty = none
    /// The part of `length` bytes from `offset` on; nullptr = it broke.
    std::function<std::unique_ptr<PieceReader>(std::uint64_t offset, std::uint64_t length)> open;
};

/// Ends a subscription when destroyed; afterwards its callback is not called again.
class Subscription {
public:
    virtual ~Subscription() = default;
};

/// `wake` may be called from any thread, any number of times, and must not be called after the Subscription
/// is gone.
using Subscribe = std::function<std::unique_ptr<Subscription>(std::function<void()> wake)>;

/// A server-sent event stream. The loop subscribes first, then calls `pull` on a pool thread, again after
/// each wake and for as long as it returns bytes; a slow reader is simply not pulled, so nothing piles up in
/// memory.
struct EventStream {
    struct Chunk {
        std::string bytes;  // complete events in text/event-stream form; empty = nothing new
        bool end = false;   // close after these bytes
    };
    Subscribe subscribe;
    std::function<Chunk()> pull;
};

struct HttpResponse;

/// An answer that waits for something (Prefer: wait). The loop subscribes, then calls `render` on a pool
/// thread at once, after each wake, and with last = true at the deadline; the first value it returns is sent.
/// With last it must return one.
struct HeldAnswer {
    Milliseconds wait_at_most{0};
    Subscribe subscribe;
    std::function<std::optional<HttpResponse>(bool last)> render;
};

/// Nothing at all: the connection is closed without a byte, as by a proxy that lost its server. For servers
/// that play trouble; status and headers do not count.
struct NoAnswer {};

struct HttpResponse {
    int status = 200;
    HttpFields headers;  // Content-Length, Date, Connection and Darkroom-Request-Id are the server's
    std::variant<std::string, FileBody, EventStream, HeldAnswer, PiecesBody, NoAnswer> body;
};

/// How much body a route takes and where it goes.
struct BodyPolicy {
    enum class Kind { none, buffer, spool };
    Kind kind = Kind::none;
    std::uint64_t bytes_max = 0;  // beyond it: 413
};

struct HttpRoute {
    HttpMethod method = HttpMethod::get;
    /// "/api/v1/jobs/{uuid}/cancel": segments are literal, {uuid}, {user}, {word} ([A-Za-z0-9_.-]{1,64}) or
    /// {token} (base64url and dots, up to 4096). A path whose parameter does not match its type is not found.
    std::string pattern;
    /// Only for requests of this media type, as multipart/form-data; a route without one takes all others.
    std::string media_type;
    BodyPolicy body;
    /// Called with the head alone, before the body is read; an answer refuses the body. May lower the limit
    /// of the body.
    std::function<std::optional<HttpResponse>(const HttpRequest& head, std::uint64_t& body_bytes_max)>
        check_head;
    std::function<HttpResponse(HttpRequest& request)> handle;
};

/// What the server itself answers when no handler is involved (404, 405, 411, 413, 431, 500 ...), made by the
/// api room so that every error has one shape.
using ErrorResponder = std::function<HttpResponse(int status, std::string_view code, std::string_view detail,
                                                  const std::string& request_id)>;

}  // namespace darkroom::ports
