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
    /// Two routes with the same method and pattern, or a pattern with an unknown {type}, are bugs and abort.
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
    Match match(std::optional<ports::HttpMethod> method, std::string_view path) const;

private:
    enum class Kind { literal, uuid, word, token };
    struct Segment {
        Kind kind;
        std::string text;  // of a literal
    };
    struct Entry {
        std::string pattern;
        std::vector<Segment> segments;
        std::size_t params = 0;
        std::array<const ports::HttpRoute*, 7> by_method{};
    };

    static std::vector<Segment> parse_pattern(std::string_view pattern);
    static bool fits(const Segment& segment, std::string_view text);
    static bool match_entry(const Entry& entry, const std::vector<std::string>& path);

    std::vector<ports::HttpRoute> routes_;
    std::vector<Entry> entries_;  // fewest params first
};

}  // namespace darkroom::http
