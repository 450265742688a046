// What a run found, before anybody decides how it is shown: figures by part, measure and side, and the gates.
#pragma once
#include <string>
#include <vector>

namespace darkroom::bench {

/// The median of its rounds; the other two are their ends.
struct Figure {
    std::string part;     // work
    std::string measure;  // one call each, jobs/s
    std::string side;     // pg-boss
    double value = 0;
    double low = 0;
    double high = 0;
    int digits = 0;
};

struct Gate {
    std::string what;
    std::string target;
    std::string figure;
    bool kept = false;
};

struct SideNote {
    std::string name;        // BullMQ, everysec
    std::string version;     // BullMQ 6.7.0 … or why it is not there
    std::string durability;  // what an answer stands for
    bool synced = false;     // a power cut loses nothing that was answered
    bool ours = false;
    bool here = false;
};

struct PartNote {
    std::string part;
    std::string title;
    std::string about;
};

struct Findings {
    std::string machine;
    std::string date;
    std::string how;
    double seconds = 0;
    double load_at_end = 0;
    std::vector<SideNote> sides;
    std::vector<PartNote> parts;
    std::vector<Figure> figures;
    std::vector<Gate> gates;

    /// Adds the median of `samples`, and the least and the most of them.
    void add(const std::string& part, const std::string& measure, const std::string& side,
             const std::vector<double>& samples, int digits = 0);
    const Figure* find(const std::string& part, const std::string& measure, const std::string& side) const;
    /// In the order in which they were found.
    std::vector<std::string> measures_of(const std::string& part) const;
    std::vector<std::string> sides_of(const std::string& part) const;
    bool all_kept() const;
};

/// "12,345", and the ends of the rounds where there were several: "12,345 (11,000 to 13,000)".
std::string text_of(const Figure& figure, bool with_ends = false);

/// A part as a table of Markdown on standard output.
void print_part(const Findings& findings, const PartNote& part);
void print_gate(const Gate& gate);

}  // namespace darkroom::bench
