#include "bench/queue/findings.h"

#include <algorithm>
#include <cstdio>

#include "bench/gateway/figures.h"

namespace darkroom::bench {
namespace {

/// Of the figures of a part, what `field` says, each once.
template <class Field>
std::vector<std::string> each_once(const Findings& findings, const std::string& part, Field field) {
    std::vector<std::string> names;
    for (const auto& figure : findings.figures) {
        if (figure.part == part && std::find(names.begin(), names.end(), figure.*field) == names.end())
            names.push_back(figure.*field);
    }
    return names;
}

}  // namespace

void Findings::add(const std::string& part, const std::string& measure, const std::string& side,
                   const std::vector<double>& samples, int digits) {
    const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
    figures.push_back({part, measure, side, median(samples), *low, *high, digits});
}

const Figure* Findings::find(const std::string& part, const std::string& measure,
                             const std::string& side) const {
    for (const auto& figure : figures) {
        if (figure.part == part && figure.measure == measure && figure.side == side) return &figure;
    }
    return nullptr;
}

std::vector<std::string> Findings::measures_of(const std::string& part) const {
    return each_once(*this, part, &Figure::measure);
}

std::vector<std::string> Findings::sides_of(const std::string& part) const {
    return each_once(*this, part, &Figure::side);
}

bool Findings::all_kept() const {
    return std::all_of(gates.begin(), gates.end(), [](const Gate& gate) { return gate.kept; });
}

std::string text_of(const Figure& figure, bool with_ends) {
    auto text = number(figure.value, figure.digits);
    if (with_ends && figure.low != figure.high) {
        text += " (" + number(figure.low, figure.digits) + " to " + number(figure.high, figure.digits) + ")";
    }
    return text;
}

void print_part(const Findings& findings, const PartNote& part) {
    std::printf("\n### %s\n\n%s\n", part.title.c_str(), part.about.c_str());
    const auto measures = findings.measures_of(part.part);
    std::vector<std::string> header{""};
    header.insert(header.end(), measures.begin(), measures.end());
    Table table(header);
    for (const auto& side : findings.sides_of(part.part)) {
        std::vector<std::string> row{side};
        for (const auto& measure : measures) {
            const auto* figure = findings.find(part.part, measure, side);
            row.push_back(figure == nullptr ? "–" : text_of(*figure));
        }
        table.add(row);
    }
    table.print();
}

void print_gate(const Gate& gate) {
    std::printf("- %s: %s, target: %s → **%s**\n", gate.what.c_str(), gate.figure.c_str(),
                gate.target.c_str(), gate.kept ? "kept" : "missed");
    std::fflush(stdout);
}

}  // namespace darkroom::bench
