#include "http/curl_client.h"

#include <mutex>
#include <vector>

#include "http/curl_transfer.h"

namespace darkroom::http {
namespace {

// Handles keep their connections open; more than this many threads rarely fetch at once.
constexpr std::size_t idle_handles_max = 16;

void start_libcurl_once() {
    static std::once_flag started;
    std::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

class CurlClient::Pool {
public:
    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() {
        for (auto* const curl : idle_) curl_easy_cleanup(curl);
    }

    CURL* take() {
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                auto* const curl = idle_.back();  // the one used last, whose connections are warm
                idle_.pop_back();
                return curl;
            }
        }
        start_libcurl_once();
        return curl_easy_init();
    }

    void give_back(CURL* curl) {
        curl_easy_reset(curl);  // keeps connections and TLS sessions, forgets everything else
        {
            const std::lock_guard lock(mutex_);
            if (idle_.size() < idle_handles_max) {
                idle_.push_back(curl);
                return;
            }
        }
        curl_easy_cleanup(curl);
    }

private:
    std::mutex mutex_;
    std::vector<CURL*> idle_;
};

CurlClient::CurlClient() : pool_(std::make_unique<Pool>()) {}
CurlClient::~CurlClient() = default;

Result<ports::FetchedAnswer, ports::FetchFailure> CurlClient::fetch(const ports::OutgoingRequest& request) {
    const auto give_back = [this](CURL* curl) { pool_->give_back(curl); };
    const std::unique_ptr<CURL, decltype(give_back)> curl(pool_->take(), give_back);
    if (!curl)
        return Fail(ports::FetchFailure{ports::FetchError::unreachable, "libcurl could not be started"});
    CurlTransfer transfer(curl.get(), request);
    return transfer.run();
}

}  // namespace darkroom::http
