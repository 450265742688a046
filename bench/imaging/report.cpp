#include "bench/imaging/report.h"

#include <algorithm>

#include "bench/gateway/figures.h"

namespace darkroom::bench {
namespace {

constexpr double rounding = 1e-9;

std::vector<double> values_of(const std::vector<Case>& cases, const std::string& figure) {
    std::vector<double> values;
    for (const Case& one : cases) {
        if (const auto found = one.figures.find(figure); found != one.figures.end())
            values.push_back(found->second);
    }
    return values;
}

}  // namespace

bool Bounds::hold(double value) const {
    return (!low || value >= *low - rounding) && (!high || value <= *high + rounding);
}

std::string text_of(const Bounds& bounds, int digits) {
    if (bounds.low && bounds.high && *bounds.low == *bounds.high) return "= " + number(*bounds.low, digits);
    if (bounds.low && bounds.high) return number(*bounds.low, digits) + " to " + number(*bounds.high, digits);
    if (bounds.low) return "≥ " + number(*bounds.low, digits);
    if (bounds.high) return "≤ " + number(*bounds.high, digits);
    return "–";
}

std::vector<Promise> Report::promises() const {
    std::vector<Promise> all;
    for (const SetReport& set : sets) all.insert(all.end(), set.promises.begin(), set.promises.end());
    return all;
}

bool Report::all_kept() const {
    const auto all = promises();
    return std::all_of(all.begin(), all.end(), [](const Promise& promise) { return promise.kept(); });
}

double mean_of(const std::vector<Case>& cases, const std::string& figure) {
    const auto values = values_of(cases, figure);
    double sum = 0;
    for (const double value : values) sum += value;
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::string mean_cell(const std::vector<Case>& cases, const std::string& figure, int digits) {
    return values_of(cases, figure).empty() ? "–" : number(mean_of(cases, figure), digits);
}

double least_of(const std::vector<Case>& cases, const std::string& figure) {
    const auto values = values_of(cases, figure);
    return values.empty() ? 0 : *std::min_element(values.begin(), values.end());
}

double most_of(const std::vector<Case>& cases, const std::string& figure) {
    const auto values = values_of(cases, figure);
    return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

std::vector<Case> with(const std::vector<Case>& cases, const std::string& figure, double value) {
    std::vector<Case> some;
    for (const Case& one : cases) {
        const auto found = one.figures.find(figure);
        if (found != one.figures.end() && found->second == value) some.push_back(one);
    }
    return some;
}

}  // namespace darkroom::bench
