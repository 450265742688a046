#include "base/nearest.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace darkroom {
namespace {

// Longer words are nobody's typing error, and comparing them costs time that a client chooses.
constexpr std::size_t length_max = 48;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment: Levenshtein, with two swapped neighbours as one change.
std::size_t distance(std::string_view a, std::string_view b) {
    std::array<std::array<std::size_t, length_max + 1>, 3> rows{};
    for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto& row = rows[i % 3];
        const auto& above = rows[(i + 2) % 3];
        const auto& two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            const bool swapped =
                i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.size() % 3][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates) {
    if (word.empty() || word.size() > length_max) return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = length_max;
    for (const auto candidate : candidates) {
        if (candidate.size() > length_max) continue;
        const auto far = distance(word, candidate);
        const auto allowed = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
        if (far > allowed || far >= candidate.size() || far >= best_distance) continue;
        best = candidate;
        best_distance = far;
    }
    return best;
}

}  // namespace darkroom
