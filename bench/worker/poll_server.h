// The platform's side of a starting worker: notices the first question for a job, holds it, and answers
// everything else as if all were well.
#pragma once
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/server.h"

namespace darkroom::bench {

class PollServer {
public:
    /// `folder` is the server's own.
    explicit PollServer(const std::filesystem::path& folder);
    ~PollServer();

    /// The environment block of a worker; the official worker's checks of GPU and network are switched off.
    std::map<std::string, std::string> worker_environment() const;
    /// Forgets what was asked so far: from now on the next question is the first.
    void arm();
    /// When the first question came; nullopt after `patience`.
    std::optional<std::chrono::steady_clock::time_point> wait_for_take(std::chrono::seconds patience);

private:
    ports::HttpResponse hold(bool is_take);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::chrono::steady_clock::time_point> taken_at_;
    int round_ = 0;
    bool closing_ = false;
    std::unique_ptr<http::Server> server_;
    std::string base_;
};

}  // namespace darkroom::bench
