#include "cli/nearest.h"

#include <algorithm>
#include <vector>

namespace darkroom::cli {
namespace {

// Longer words are not typing mistakes, and the work is quadratic.
constexpr std::size_t word_max = 64;

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
    // Optimal string alignment: rows i-2, i-1 and i of the usual matrix.
    std::vector<int> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = static_cast<int>(i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const int replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known) {
    if (word.empty() || word.size() > word_max) return std::nullopt;
    const std::string* best = nullptr;
    int least = 0;
    for (const auto& candidate : known) {
        const bool begins = word.size() >= 2 && candidate.size() > word.size() && candidate.starts_with(word);
        const int distance = begins ? 1 : edit_distance(word, candidate);
        const int allowed = std::max<int>(1, static_cast<int>(candidate.size()) / 3);
        if (distance <= allowed && (best == nullptr || distance < least)) {
            best = &candidate;
            least = distance;
        }
    }
    if (best == nullptr) return std::nullopt;
    return *best;
}

}  // namespace darkroom::cli
