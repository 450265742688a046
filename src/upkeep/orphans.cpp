#include "upkeep/orphans.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace darkroom::upkeep {
namespace {

// "2:token": the third prefix, at the page that the store calls token.
struct Place {
    std::size_t prefix = 0;
    std::string page;
};

std::optional<Place> parse_place(const std::string& text, std::size_t prefixes) {
    if (text.empty()) return Place{};
    Place place;
    const auto colon = text.find(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + colon, place.prefix);
    if (error != std::errc() || end != text.data() + colon || place.prefix >= prefixes) return std::nullopt;
    place.page = text.substr(colon + 1);
    return place;
}

std::string next_place(const Place& place, const std::string& next_page, std::size_t prefixes) {
    if (!next_page.empty()) return std::to_string(place.prefix) + ":" + next_page;
    if (place.prefix + 1 == prefixes) return "";
    return std::to_string(place.prefix + 1) + ":";
}

}  // namespace

Result<OrphanPage, Trouble> find_orphans(ports::JobStore& store, ports::ObjectStore& objects,
                                         std::span<const std::string_view> prefixes,
                                         const OrphanQuery& query) {
    const auto place = parse_place(query.place, prefixes.size());
    if (!place) return Fail(Trouble(NoSuchPlace{}));
    const auto listed = objects.list(prefixes[place->prefix], place->page, query.objects_max);
    if (!listed) return Fail(Trouble(listed.error()));

    OrphanPage page;
    std::vector<core::ObjectKey> old_enough;
    for (const auto& object : listed->objects) {
        ++page.looked_at;
        const auto key = core::ObjectKey::parse(object.key);
        if (!key) {
            ++page.foreign;
        } else if (object.modified_at != TimePoint{} && object.modified_at < query.written_before) {
            old_enough.push_back(*key);
        }
    }
    const auto unnamed = store.find_unnamed_objects(old_enough);
    if (!unnamed) return Fail(Trouble(unnamed.error()));
    if (query.remove) {
        if (const auto removed = objects.remove_many(*unnamed); !removed)
            return Fail(Trouble(removed.error()));
    }
    const std::set<core::ObjectKey> names(unnamed->begin(), unnamed->end());
    for (const auto& object : listed->objects) {
        const auto key = core::ObjectKey::parse(object.key);
        if (key && names.contains(*key)) page.orphans.push_back(object);
    }
    page.next = next_place(*place, listed->next, prefixes.size());
    return page;
}

Result<MissingPage, Trouble> find_missing(ports::JobStore& store, ports::ObjectStore& objects,
                                          std::int64_t after, int jobs_max) {
    const auto named = store.list_named_objects(after, jobs_max);
    if (!named) return Fail(Trouble(named.error()));
    MissingPage page;
    page.next_after = named->next_after;
    for (const auto& object : named->objects) {
        ++page.looked_at;
        const auto head = objects.head(object.key);
        if (head) continue;
        if (head.error().kind != ports::ObjectErrorKind::missing) return Fail(Trouble(head.error()));
        page.missing.push_back(object);
    }
    return page;
}

}  // namespace darkroom::upkeep
