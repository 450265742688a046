// One request on one libcurl easy handle: options in, callbacks while it runs, verdict afterwards.
#pragma once
#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "ports/http_client.h"

namespace darkroom::http {

class CurlTransfer {
public:
    /// `curl` is a fresh or reset handle; both arguments must outlive this object.
    CurlTransfer(CURL* curl, const ports::OutgoingRequest& request);
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;

    /// Blocks until the answer is there or the request's deadlines have passed.
    Result<ports::FetchedAnswer, ports::FetchFailure> run();

private:
    struct ListDeleter {
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };

    std::optional<ports::FetchFailure> prepare();
    std::optional<ports::FetchFailure> set_url();
    std::optional<ports::FetchFailure> set_headers();
    std::optional<ports::FetchFailure> set_method_and_body();
    void set_limits();
    void add_header(const std::string& line);
    ports::FetchFailure failure(CURLcode code) const;
    bool is_repeatable() const;

    std::size_t send_piece(char* buffer, std::size_t bytes);
    bool rewind_body(std::int64_t offset);
    bool take_header(std::string_view line);
    bool take_body(std::string_view piece);

    static std::size_t read_callback(char* buffer, std::size_t size, std::size_t count, void* self);
    static int seek_callback(void* self, curl_off_t offset, int origin);
    static std::size_t header_callback(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t write_callback(char* bytes, std::size_t size, std::size_t count, void* self);

    CURL* const curl_;
    const ports::OutgoingRequest& request_;
    std::unique_ptr<curl_slist, ListDeleter> headers_;
    UniqueFd body_file_;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t body_sent_ = 0;
    ports::FetchedAnswer answer_;
    std::optional<ports::FetchError> stopped_by_;  // why a callback ended the transfer
    std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace darkroom::http
