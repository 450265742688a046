// Small sums over samples: what a benchmark says about many measurements in one number.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace darkroom::bench {

/// The middle value (of the two, the upper one). At least one sample.
double median(std::vector<double> samples);

/// Nearest rank: the smallest sample that at least `share` (0 to 1) of all samples do not exceed.
double percentile(std::vector<double> samples, double share);

/// With this many digits after the point, thousands apart: "12,345.6".
std::string number(double value, int digits = 0);

/// A table in Markdown, columns after the first to the right.
class Table {
public:
    explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
    void add(std::vector<std::string> row);
    void print() const;

private:
    std::vector<std::string> header_;
    std::vector<std::vector<std::string>> rows_;
};

/// One line that says whether a promise is kept; the program's exit code remembers the broken ones.
class Verdicts {
public:
    void say(const std::string& what, const std::string& target, const std::string& figure, bool reached);
    bool all_reached() const { return missed_ == 0; }

private:
    int missed_ = 0;
};

}  // namespace darkroom::bench
