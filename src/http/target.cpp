#include "http/target.h"

namespace darkroom::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool parse_query(std::string_view query, ports::HttpFields& fields) {
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value) return false;
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return true;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            decoded.push_back(' ');
        } else if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
            decoded.push_back(static_cast<char>(high << 4 | low));
            i += 2;
        } else {
            decoded.push_back(text[i]);
        }
    }
    return decoded;
}

std::optional<Target> parse_target(std::string_view target) {
    if (target.empty()) return std::nullopt;
    if (target.front() != '/' &&
        target != "*") {  // absolute-form; its host was compared with Host by HeadCheck
        const auto authority = target.find("//");
        if (authority == std::string_view::npos) return std::nullopt;
        const auto path = target.find_first_of("/?", authority + 2);
        target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    }
    Target parsed;
    const auto question = std::min(target.find('?'), target.size());
    parsed.path = question == 0 ? "/" : std::string(target.substr(0, question));
    if (question < target.size() && !parse_query(target.substr(question + 1), parsed.query))
        return std::nullopt;
    return parsed;
}

}  // namespace darkroom::http
