// Who waits for something to happen: long polls of workers, held answers of clients. Each waits for one
// topic, a word made by the topics below. Any thread.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ports/http_message.h"

namespace darkroom::runpod::endpoint {

inline std::string topic_of_job(const std::string& job) { return "job " + job; }
inline std::string topic_of_stops(const std::string& worker) { return "stop " + worker; }
inline std::string topic_of_queue() { return "queue"; }

class WaitingRoom {
public:
    std::unique_ptr<ports::Subscription> subscribe(const std::string& topic, std::function<void()> wake);
    /// Wakes everybody who waits for `topic`.
    void notify(const std::string& topic);

private:
    class Seat;
    using Wakes = std::multimap<std::string, std::function<void()>>;

    std::mutex mutex_;
    Wakes wakes_;
};

}  // namespace darkroom::runpod::endpoint
