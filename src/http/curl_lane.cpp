#include "http/curl_lane.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace darkroom::http {
namespace {

// More threads than this rarely fetch at once, and each lane costs a few descriptors while it is idle.
constexpr std::size_t idle_lanes_max = 32;
// Of one lane: nearly always it goes where it was last.
constexpr long warm_connections_max = 2;
// The warm ones, and those that race to be the first to connect.
constexpr std::size_t sockets_max = 16;

void start_libcurl_once() {
    static std::once_flag started;
    std::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

std::unique_ptr<CurlLane> CurlLane::make() {
    start_libcurl_once();
    auto* const multi = curl_multi_init();
    auto* const easy = curl_easy_init();
    if (multi == nullptr || easy == nullptr) {
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
        return nullptr;
    }
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, warm_connections_max);
    return std::unique_ptr<CurlLane>(new CurlLane(multi, easy));
}

CurlLane::~CurlLane() {
    end();
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
}

void CurlLane::begin() {
    sockets_.reserve(sockets_max);
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &CurlLane::open_socket);
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, &CurlLane::close_socket);
    curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, this);
    begun_ = curl_multi_add_handle(multi_, easy_) == CURLM_OK;
}

// Close-on-exec from the start, which libcurl's own are not: other threads of the gateway start child
// processes.
curl_socket_t CurlLane::open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto& sockets = static_cast<CurlLane*>(self)->sockets_;
    if (sockets.size() == sockets_max) return CURL_SOCKET_BAD;
    const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (socket < 0) return CURL_SOCKET_BAD;
    sockets.push_back(socket);  // does not grow, so it does not throw through libcurl
    return socket;
}

int CurlLane::close_socket(void* self, curl_socket_t socket) {
    std::erase(static_cast<CurlLane*>(self)->sockets_, socket);
    return ::close(socket);
}

std::optional<CURLcode> CurlLane::step() {
    if (!begun_) return CURLE_FAILED_INIT;
    int running = 0;
    if (curl_multi_perform(multi_, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    int left = 0;
    const auto* const message = curl_multi_info_read(multi_, &left);
    if (message == nullptr || message->msg != CURLMSG_DONE) return std::nullopt;
    return message->data.result;
}

void CurlLane::wait(Milliseconds at_most, int wake_fd) {
    curl_waitfd wake{wake_fd, CURL_WAIT_POLLIN, 0};
    const unsigned extra = wake_fd >= 0 ? 1 : 0;
    curl_multi_poll(multi_, extra > 0 ? &wake : nullptr, extra,
                    int(std::clamp<std::int64_t>(at_most.count(), 1, 60'000)), nullptr);
}

void CurlLane::end() {
    if (begun_) curl_multi_remove_handle(multi_, easy_);
    begun_ = false;
    curl_easy_reset(easy_);
}

bool CurlLane::has_sent() const {
    long request_bytes = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &request_bytes);
    return request_bytes > 0;
}

std::int64_t CurlLane::movement() const {
    curl_off_t up = 0;
    curl_off_t down = 0;
    long head = 0;
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(easy_, CURLINFO_HEADER_SIZE, &head);
    std::int64_t in_kernel = 0;
    for (const auto socket : sockets_) {  // all but one are quiet; CURLINFO_ACTIVESOCKET knows it too late
        int bytes = 0;
        if (::ioctl(socket, SIOCOUTQ, &bytes) == 0) in_kernel += bytes;
    }
    return up + down + head - in_kernel;
}

CurlLanePool::Loan CurlLanePool::borrow(std::shared_ptr<CurlLanePool> pool, const std::string& origin) {
    auto lane = pool->take(origin);
    if (!lane) lane = CurlLane::make();
    return {lane.release(), GiveBack{std::move(pool), origin}};
}

std::unique_ptr<CurlLane> CurlLanePool::take(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    const auto warm =
        std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) { return idle.origin == origin; });
    // A lane of somewhere else stays warm for whoever goes there, until there are too many of them.
    if (warm == idle_.rend() && idle_.size() < idle_lanes_max) return nullptr;
    const auto chosen = warm == idle_.rend() ? idle_.begin() : std::prev(warm.base());
    auto lane = std::move(chosen->lane);
    idle_.erase(chosen);
    return lane;
}

void CurlLanePool::give_back(const std::string& origin, CurlLane* lane) {
    std::unique_ptr<CurlLane> owned(lane);
    owned->end();
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_lanes_max) idle_.push_back({origin, std::move(owned)});
}

}  // namespace darkroom::http
