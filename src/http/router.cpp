#include "http/router.h"

#include <strings.h>

#include <algorithm>

#include "base/check.h"
#include "base/ids.h"
#include "http/target.h"

namespace darkroom::http {
namespace {

using ports::HttpMethod;

bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    path.remove_prefix(1);
    while (true) {
        const auto slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

template <class ByMethod>
void add_methods(std::array<bool, 7>& allowed, const ByMethod& by_method) {
    for (std::size_t i = 0; i < allowed.size(); ++i) allowed[i] = allowed[i] || !by_method[i].empty();
}

std::string allow_value(std::array<bool, 7> allowed) {
    if (allowed[std::size_t(HttpMethod::get)]) allowed[std::size_t(HttpMethod::head)] = true;
    allowed[std::size_t(HttpMethod::options)] = true;
    std::string value;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        if (!allowed[i]) continue;
        if (!value.empty()) value += ", ";
        value += ports::http_method_names[i];
    }
    return value;
}

}  // namespace

Router::Router(std::vector<ports::HttpRoute> routes) : routes_(std::move(routes)) {
    for (const auto& route : routes_) {
        auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& known) { return known.pattern == route.pattern; });
        if (entry == entries_.end()) {
            auto segments = parse_pattern(route.pattern);
            const auto params =
                std::size_t(std::count_if(segments.begin(), segments.end(), [](const Segment& segment) {
                    return segment.kind != Kind::literal;
                }));
            entries_.push_back({route.pattern, std::move(segments), params, {}});
            entry = std::prev(entries_.end());
        }
        auto& choices = entry->by_method[std::size_t(route.method)];
        DR_CHECK(std::none_of(choices.begin(), choices.end(),
                              [&](const auto* known) { return known->media_type == route.media_type; }));
        choices.insert(route.media_type.empty() ? choices.end() : choices.begin(), &route);
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.params < b.params; });
}

bool Router::spools() const {
    return std::any_of(routes_.begin(), routes_.end(), [](const ports::HttpRoute& route) {
        return route.body.kind == ports::BodyPolicy::Kind::spool;
    });
}

std::vector<Router::Segment> Router::parse_pattern(std::string_view pattern) {
    DR_CHECK(!pattern.empty() && pattern.front() == '/');
    std::vector<Segment> segments;
    for (const auto text : split(pattern)) {
        if (text == "{uuid}") {
            segments.push_back({Kind::uuid, {}});
        } else if (text == "{word}") {
            segments.push_back({Kind::word, {}});
        } else if (text == "{token}") {
            segments.push_back({Kind::token, {}});
        } else if (text == "{user}") {
            segments.push_back({Kind::user, {}});
        } else {
            DR_CHECK(text.find_first_of("{}") == std::string_view::npos);
            segments.push_back({Kind::literal, std::string(text)});
        }
    }
    return segments;
}

bool Router::fits(const Segment& segment, std::string_view text) {
    const auto made_of_word_chars = [](std::string_view all) {
        return std::all_of(all.begin(), all.end(), is_word_char);
    };
    switch (segment.kind) {
        case Kind::literal:
            return text == segment.text;
        case Kind::uuid:
            return parse_uuid(text).has_value();
        // "." and ".." would pass the alphabet and mean something to whoever joins paths.
        case Kind::word:
            return !text.empty() && text.size() <= 64 && text != "." && text != ".." &&
                   made_of_word_chars(text);
        case Kind::token:
            return !text.empty() && text.size() <= 4096 && made_of_word_chars(text);
        case Kind::user:
            return UserId::parse(text).has_value();
    }
    return false;
}

bool Router::match_entry(const Entry& entry, const std::vector<std::string>& path) {
    if (entry.segments.size() != path.size()) return false;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (!fits(entry.segments[i], path[i])) return false;
    }
    return true;
}

// Media types compare without case, and parameters such as a boundary do not count (RFC 9110 §8.3.1).
const ports::HttpRoute* Router::choose(const Choices& choices, std::string_view content_type) {
    content_type = content_type.substr(0, content_type.find_first_of("; \t"));
    for (const auto* route : choices) {
        const auto& wanted = route->media_type;
        if (wanted.empty()) return route;  // also the answer to no Content-Type, whose data may be null
        const bool same = wanted.size() == content_type.size() &&
                          ::strncasecmp(wanted.data(), content_type.data(), wanted.size()) == 0;
        if (same) return route;
    }
    return nullptr;
}

Router::Match Router::match(std::optional<HttpMethod> method, std::string_view path,
                            std::string_view content_type) const {
    Match found;
    std::vector<std::string> decoded;
    if (path.empty() || path.front() != '/') return found;
    for (const auto segment : split(path)) {
        auto text = percent_decode(segment);
        if (!text) return found;
        decoded.push_back(std::move(*text));
    }
    std::array<bool, 7> allowed{};
    bool exists = false;
    for (const auto& entry : entries_) {
        if (!match_entry(entry, decoded)) continue;
        exists = true;
        add_methods(allowed, entry.by_method);
        if (!method || *method == HttpMethod::options) continue;
        const auto* route = choose(entry.by_method[std::size_t(*method)], content_type);
        if (route == nullptr && *method == HttpMethod::head)
            route = choose(entry.by_method[std::size_t(HttpMethod::get)], content_type);
        if (route == nullptr) continue;
        found.route = route;
        for (std::size_t i = 0; i < decoded.size(); ++i) {
            if (entry.segments[i].kind != Kind::literal) found.params.push_back(std::move(decoded[i]));
        }
        return found;
    }
    if (exists) found.allow = allow_value(allowed);
    return found;
}

}  // namespace darkroom::http
