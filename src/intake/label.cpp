#include "intake/label.h"

namespace darkroom::intake {

std::string label_of(std::string_view name) {
    constexpr std::size_t label_bytes_max = 128;
    // The last part of a path in either style; browsers and tools disagree on what they send.
    if (const auto slash = name.find_last_of("/\\"); slash != std::string_view::npos)
        name.remove_prefix(slash + 1);
    std::string label;
    for (const char c : name.substr(0, label_bytes_max)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '.' || c == '_' || c == '-' || c == ' ' || c == '(' || c == ')' || c == '+' ||
                           c == ',';
        label.push_back(plain ? c : '_');
    }
    while (!label.empty() && (label.front() == '.' || label.front() == '-' || label.front() == ' '))
        label.erase(0, 1);
    while (!label.empty() && (label.back() == '.' || label.back() == ' ')) label.pop_back();
    return label.empty() ? "picture" : label;
}

}  // namespace darkroom::intake
