// When which webhook goes out: three tries as the platform makes them (at once, 5 s and 20 s after the end),
// then it is dropped for good. Pure state, one thread; the sender posts.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"

namespace darkroom::runpod::endpoint {

struct Webhook {
    std::string job;
    std::string url;
    std::shared_ptr<const std::string> body;  // shared by the tries and the copies of one webhook
    std::string note;                         // why there is something odd about it; for the journal
    int tries = 0;
};

class WebhookSchedule {
public:
    explicit WebhookSchedule(double time_scale) : time_scale_(time_scale) {}

    void add(Webhook webhook, Instant due);
    /// The next one whose time has come; it leaves the schedule until its try has ended.
    std::optional<Webhook> take_due(Instant now);
    /// A try failed: the next one is due later. False = that was the last, and it is dropped.
    bool failed(Webhook webhook, Instant now);
    /// When the next one is due; nullopt = none is waiting.
    std::optional<Instant> next_due() const;
    std::size_t waiting() const { return waiting_.size(); }

private:
    double time_scale_;
    std::multimap<Instant, Webhook> waiting_;
};

}  // namespace darkroom::runpod::endpoint
