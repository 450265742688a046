#include "tests/e2e/event_stream.h"

#include "tests/e2e/api_client.h"

namespace darkroom::e2e {

RawClient follow_events(std::uint16_t port, const std::string& key, const std::string& job,
                        const std::string& last_event_id) {
    RawClient stream(port);
    ports::HttpFields headers{{"Authorization", "Bearer " + key}, {"Accept", "text/event-stream"}};
    if (!last_event_id.empty()) headers.emplace_back("Last-Event-ID", last_event_id);
    if (stream.connected())
        (void)stream.send(request_text("GET", "/api/v1/jobs/" + job + "/events", headers, {}));
    return stream;
}

std::optional<StreamedEvent> next_event(RawClient& stream) {
    for (;;) {
        const auto text = stream.read_past("\n\n");
        if (!text) return std::nullopt;
        StreamedEvent event;
        std::string_view rest = *text;
        while (!rest.empty()) {
            const auto line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            if (line.starts_with("id: ")) event.id = line.substr(4);
            if (line.starts_with("event: ")) event.name = line.substr(7);
            if (line.starts_with("data: ")) event.data = line.substr(6);
        }
        if (!event.name.empty()) return event;
    }
}

}  // namespace darkroom::e2e
