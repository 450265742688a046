#include "store/sql/key_parts.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace darkroom::store {
namespace {

constexpr std::size_t uuid_length = 36;

constexpr std::array<std::pair<std::string_view, KeyKind>, 6> beginnings{
    {{"uploaded/", KeyKind::uploaded},
     {"restored/", KeyKind::restored},
     {"thumbnails/", KeyKind::thumbnail},
     {"inputs/job_", KeyKind::worker_input},
     {"outputs/", KeyKind::worker_output},
     {"probe/", KeyKind::probe}}};

// A key can only have been made from ids, so anything else in their place is a bug.
UuidBytes uuid_at(std::string_view text, std::size_t place) {
    DR_CHECK(text.size() > place + uuid_length);
    const auto id = parse_uuid(text.substr(place, uuid_length));
    DR_CHECK(id.has_value());
    return *id;
}

}  // namespace

KeyParts parts_of(const core::ObjectKey& key) {
    KeyParts parts;
    if (key.empty()) return parts;
    const std::string_view text = key.str();
    for (const auto& [beginning, kind] : beginnings) {
        if (text.substr(0, beginning.size()) != beginning) continue;
        parts.kind = kind;
        parts.owner = uuid_at(text, beginning.size());
        if (kind == KeyKind::restored || kind == KeyKind::worker_output)
            parts.attempt = uuid_at(text, beginning.size() + uuid_length + 1);
        // thumbnails/{job}.jpg has none, thumbnails/{job}.{attempt}.jpg has one.
        if (kind == KeyKind::thumbnail && text.size() > beginning.size() + 2 * uuid_length)
            parts.attempt = uuid_at(text, beginning.size() + uuid_length + 1);
    }
    DR_CHECK(parts.kind != KeyKind::nothing);
    return parts;
}

}  // namespace darkroom::store
