// Prometheus' text format, read strictly: what a server tolerates and the format forbids is a problem here.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace darkroom::e2e {

struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
};

struct Family {
    std::string type;
    std::string help;
    std::vector<Sample> samples;
};

class Scrape {
public:
    /// `problems()` says what is wrong with the text; the rest is then what could be read.
    explicit Scrape(std::string_view text);

    const std::vector<std::string>& problems() const { return problems_; }
    const std::map<std::string, Family>& families() const { return families_; }
    /// The sum of all samples of this name that have these labels among theirs; 0 if none.
    double sum(const std::string& name, const std::map<std::string, std::string>& labels = {}) const;
    /// Whether a family is there for a name in a query: itself, or its buckets, sum or count.
    bool knows(const std::string& name) const;

private:
    void read_line(std::string_view line);
    void read_comment(std::string_view line);
    std::optional<Sample> read_sample(std::string_view line);
    bool read_labels(std::string_view& rest, Sample& sample);
    Family* family_of(const std::string& sample_name);
    void check_histograms();
    void wrong(std::string_view line, const std::string& why);

    std::map<std::string, Family> families_;
    std::map<std::string, int> seen_;  // series
    std::string current_;              // family whose samples are being read
    std::vector<std::string> problems_;
};

}  // namespace darkroom::e2e
