#include "bench/gateway/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/check.h"

namespace darkroom::bench {
namespace {

void print_row(const std::vector<std::string>& cells) {
    for (const auto& cell : cells) std::printf("| %s ", cell.c_str());
    std::printf("|\n");
}

}  // namespace

double median(std::vector<double> samples) {
    DR_CHECK(!samples.empty());
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    return *middle;
}

double percentile(std::vector<double> samples, double share) {
    DR_CHECK(!samples.empty());
    const auto rank = std::ceil(share * static_cast<double>(samples.size()));
    const auto index = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(rank) - 1, 0,
                                                  static_cast<std::ptrdiff_t>(samples.size()) - 1);
    std::nth_element(samples.begin(), samples.begin() + index, samples.end());
    return samples[static_cast<std::size_t>(index)];
}

std::string number(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    std::string result(text);
    const auto first = static_cast<std::ptrdiff_t>(result.front() == '-' ? 1 : 0);
    auto at = static_cast<std::ptrdiff_t>(std::min(result.find('.'), result.size())) - 3;
    for (; at > first; at -= 3) result.insert(static_cast<std::size_t>(at), 1, ',');
    return result;
}

void Table::add(std::vector<std::string> row) {
    DR_CHECK(row.size() == header_.size());
    rows_.push_back(std::move(row));
}

void Table::print() const {
    std::printf("\n");
    print_row(header_);
    std::printf("|---|");
    for (std::size_t i = 1; i < header_.size(); ++i) std::printf("---:|");
    std::printf("\n");
    for (const auto& row : rows_) print_row(row);
    std::printf("\n");
    std::fflush(stdout);  // a long run is followed by people
}

void Verdicts::say(const std::string& what, const std::string& target, const std::string& figure,
                   bool reached) {
    if (!reached) ++missed_;
    std::printf("- %s: %s, target: %s → **%s**\n", what.c_str(), figure.c_str(), target.c_str(),
                reached ? "reached" : "not reached");
    std::fflush(stdout);
}

}  // namespace darkroom::bench
