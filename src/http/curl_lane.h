// One libcurl transfer at a time with the connections that it keeps warm, driven step by step: the easy
// handle of a request and a multi handle of its own. And the pool that lends lanes out. Why not
// curl_easy_perform: it cannot stop in the middle of a body, and counts idle time in whole seconds.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace darkroom::http {

/// One thread at a time.
class CurlLane {
public:
    /// nullptr if libcurl gives none.
    static std::unique_ptr<CurlLane> make();
    CurlLane(const CurlLane&) = delete;
    CurlLane& operator=(const CurlLane&) = delete;
    ~CurlLane();

    CURL* easy() const { return easy_; }
    /// The options are set: the transfer begins.
    void begin();
    /// Does what can be done without waiting; the result once the transfer is over.
    std::optional<CURLcode> step();
    /// Returns when there may be something to do, when `wake_fd` (if not -1) is readable, or after `at_most`.
    void wait(Milliseconds at_most, int wake_fd = -1);
    /// Forgets the transfer and its options. Its connection stays warm if the transfer came to its end, and
    /// is closed if not.
    void end();

    bool has_sent() const;
    /// A number that changes when a byte moves in either direction. Of bytes sent, only those count that have
    /// left this machine: a peer that stops reading is not hidden by the kernel's buffer, and one that reads
    /// slowly is seen to read.
    std::int64_t movement() const;

private:
    CurlLane(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy) {}

    static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int close_socket(void* self, curl_socket_t socket);

    CURLM* const multi_;
    CURL* const easy_;
    bool begun_ = false;
    std::vector<curl_socket_t> sockets_;  // that are open: of this transfer, and warm
};

/// Any thread. Outlived by no lane that it has lent: those who borrow share it.
class CurlLanePool {
public:
    struct GiveBack {
        std::shared_ptr<CurlLanePool> pool;
        std::string origin;
        void operator()(CurlLane* lane) const { pool->give_back(origin, lane); }
    };
    using Loan = std::unique_ptr<CurlLane, GiveBack>;

    /// A lane, one with a warm connection to `origin` if there is one; empty if libcurl gives none.
    static Loan borrow(std::shared_ptr<CurlLanePool> pool, const std::string& origin);

private:
    struct Idle {
        std::string origin;  // where it was last
        std::unique_ptr<CurlLane> lane;
    };
    std::unique_ptr<CurlLane> take(const std::string& origin);
    void give_back(const std::string& origin, CurlLane* lane);

    std::mutex mutex_;
    std::vector<Idle> idle_;  // used last = at the end
};

}  // namespace darkroom::http
