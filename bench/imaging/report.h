// What a run found, before anybody decides how it is shown: promises with their gates, tables, and every case
// of every set with its figures and its pictures.
#pragma once
#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

namespace darkroom::bench {

/// Both ends belong to it.
struct Bounds {
    std::optional<double> low, high;
    bool hold(double value) const;
};

inline Bounds at_least(double low) { return {low, {}}; }
inline Bounds at_most(double high) { return {{}, high}; }
inline Bounds between(double low, double high) { return {low, high}; }

/// One figure that is promised. Where `gate` does not hold, the run has failed.
struct Promise {
    std::string operation;
    std::string figure;
    double value = 0;
    int digits = 2;
    Bounds gate;
    Bounds goal;
    bool kept() const { return gate.hold(value); }
    bool at_goal() const { return goal.hold(value); }
};

/// "≥ 0.93", "≤ 7", "0.75 to 1.25" or "–".
std::string text_of(const Bounds& bounds, int digits);

struct ReportTable {
    std::string title;
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;
    std::string note;
};

struct Case {
    std::string name;
    double badness = 0;  // the larger, the further up on the sheet
    std::map<std::string, double> figures;
    std::string remark;          // shown under the pictures
    std::vector<cv::Mat> tiles;  // CV_8UC3, small: as many as the set has columns; empty: not shown
};

struct SetReport {
    std::string id;  // matte-120
    std::string title;
    std::string about;
    std::vector<std::string> columns;  // of the contact sheet
    std::vector<Case> cases;
    std::vector<ReportTable> tables;
    std::vector<Promise> promises;
    double seconds = 0;
};

struct Report {
    std::string machine;
    std::string date;
    std::string how;  // seeds, whole or quick
    std::vector<std::string> peers;
    std::vector<SetReport> sets;
    double seconds = 0;

    std::vector<Promise> promises() const;
    bool all_kept() const;
};

// Sums over cases; those without the figure are left out.
double mean_of(const std::vector<Case>& cases, const std::string& figure);
double least_of(const std::vector<Case>& cases, const std::string& figure);
double most_of(const std::vector<Case>& cases, const std::string& figure);
/// The mean as a table's cell: a dash where no case has the figure.
std::string mean_cell(const std::vector<Case>& cases, const std::string& figure, int digits);
/// Cases for which `figure` is there and equals `value`.
std::vector<Case> with(const std::vector<Case>& cases, const std::string& figure, double value);

}  // namespace darkroom::bench
