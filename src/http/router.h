// Finds the route of a request: literal segments before typed ones, types checked while matching, so that a
// handler never sees a malformed id. Built once, read by the loop; pure.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/http_message.h"

namespace darkroom::http {

class Router {
public:
    /// Two routes with the same method, pattern and media type, or a pattern with an unknown {type}, are bugs
    /// and abort.
    explicit Router(std::vector<ports::HttpRoute> routes);

    struct Match {
        const ports::HttpRoute* route =
            nullptr;  // nullptr: nothing here (`allow` empty) or not with this method
        std::vector<std::string> params;
        std::string allow;  // "GET, HEAD, OPTIONS"; filled when the path exists but the method does not fit
    };

    /// True if any route wants its body on disk.
    bool spools() const;

    /// HEAD falls back to the GET route. OPTIONS never matches a route: the server answers it from `allow`.
    /// `content_type` is the header as sent: it chooses between routes that differ in media_type only.
    Match match(std::optional<ports::HttpMethod> method, std::string_view path,
                std::string_view content_type = {}) const;

private:
    enum class Kind { literal, uuid, word, token, user };
    struct Segment {
        Kind kind;
        std::string text;  // of a literal
    };
    /// The routes of one method, those with a media type first.
    using Choices = std::vector<const ports::HttpRoute*>;
    struct Entry {
        std::string pattern;
        std::vector<Segment> segments;
        std::size_t params = 0;
        std::array<Choices, 7> by_method{};
    };

    static std::vector<Segment> parse_pattern(std::string_view pattern);
    static bool fits(const Segment& segment, std::string_view text);
    static const ports::HttpRoute* choose(const Choices& choices, std::string_view content_type);
    static bool match_entry(const Entry& entry, const std::vector<std::string>& path);

    std::vector<ports::HttpRoute> routes_;
    std::vector<Entry> entries_;  // fewest params first
};

}  // namespace darkroom::http
