// One request on one lane: options in, callbacks while it runs, deadlines, verdict afterwards. Knows nothing
// of what becomes of the body: a sink takes it.
#pragma once
#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/curl_lane.h"
#include "http/outgoing_body.h"
#include "http/outgoing_url.h"
#include "ports/http_client.h"

namespace darkroom::http {

class CurlTransfer {
public:
    /// What became of a piece of the body; `later` = not now, it is offered again after resume().
    enum class Take { taken, later, stopped, too_large };
    using Sink = std::function<Take(ports::FetchedAnswer& answer, std::string_view piece)>;
    using Failure = std::optional<ports::FetchFailure>;

    /// The arguments must outlive this object; the lane is fresh, and is let go of in the end.
    CurlTransfer(CurlLane& lane, const ports::OutgoingRequest& request, const OutgoingUrl& url, Sink sink);
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;
    ~CurlTransfer() { lane_.end(); }

    /// Fails for what cannot be sent, before anything is.
    Failure begin();
    /// Blocks until `enough` holds, the transfer has come to its good end, or it has failed; `at_most` bounds
    /// the wait, and the request's idle timeout counts from now on.
    Failure run(const std::function<bool()>& enough, std::optional<Milliseconds> at_most);
    /// Does what can be done without waiting.
    void step();
    void resume();

    bool ended() const { return result_.has_value(); }
    bool has_head() const { return has_head_; }
    /// Status and headers, once the head is there.
    ports::FetchedAnswer& answer() { return answer_; }

private:
    struct ListDeleter {
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    using List = std::unique_ptr<curl_slist, ListDeleter>;

    static void append(List& list, const std::string& line);
    Failure set_headers();
    void set_target();
    void set_method_and_body();
    void set_callbacks();
    bool is_repeatable() const;
    std::optional<Milliseconds> quiet_time_left(Instant now);
    ports::FetchFailure gave_up(const std::string& why, Milliseconds after) const;
    ports::FetchFailure failure(CURLcode code) const;

    std::size_t send_piece(std::span<char> buffer);
    void take_header(std::string_view line);
    std::size_t take_body(std::string_view piece);

    static int before_request(void* self, char* own_ip, char* ip, int own_port, int port);
    static std::size_t read_callback(char* buffer, std::size_t size, std::size_t count, void* self);
    static int seek_callback(void* self, curl_off_t offset, int origin);
    static std::size_t header_callback(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t write_callback(char* bytes, std::size_t size, std::size_t count, void* self);

    CurlLane& lane_;
    const ports::OutgoingRequest& request_;
    const OutgoingUrl& url_;
    Sink sink_;
    List headers_;
    List connect_to_;
    OutgoingBody body_;
    ports::FetchedAnswer answer_;
    bool has_head_ = false;
    bool paused_ = false;
    std::optional<CURLcode> result_;
    std::optional<ports::FetchError> stopped_by_;  // why a callback ended the transfer
    std::int64_t movement_ = 0;
    Instant last_movement_{};
    std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace darkroom::http
