// The event stream of a job as a client reads it, event by event. What it makes of a stream that breaks off
// is the client's.
#pragma once
#include <optional>
#include <string>

#include "http/testing/raw_client.h"

namespace darkroom::e2e {

struct StreamedEvent {
    std::string id;  // empty for snapshot and end
    std::string name;
    std::string data;
};

/// Asks for the events of a job; the head of the answer is not read yet. Nothing was sent if the stream is
/// not connected.
http::testing::RawClient follow_events(std::uint16_t port, const std::string& key, const std::string& job,
                                       const std::string& last_event_id = "");

/// The next event of a stream; nullopt if none comes in time or the stream ends. Comments are skipped.
std::optional<StreamedEvent> next_event(http::testing::RawClient& stream);

}  // namespace darkroom::e2e
