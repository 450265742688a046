#include "tests/e2e/metrics_text.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

namespace darkroom::e2e {
namespace {

const std::set<std::string> known_types{"counter", "gauge", "histogram"};

bool is_name(std::string_view text) {
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !text.empty() && (text.front() < '0' || text.front() > '9') &&
           std::all_of(text.begin(), text.end(), is_word);
}

std::string_view take_word(std::string_view& rest) {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    return word;
}

std::optional<double> number(std::string_view text) {
    if (text == "+Inf") return INFINITY;
    const std::string whole(text);
    char* end = nullptr;
    const auto value = std::strtod(whole.c_str(), &end);
    if (whole.empty() || end != whole.c_str() + whole.size() || std::isnan(value)) return std::nullopt;
    return value;
}

std::string series_of(const Sample& sample) {
    std::string key = sample.name;
    for (const auto& [name, value] : sample.labels)
        key.append("\x1f").append(name).append("\x1f").append(value);
    return key;
}

}  // namespace

Scrape::Scrape(std::string_view text) {
    if (!text.ends_with('\n')) problems_.emplace_back("the last line has no end");
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        read_line(line);
    }
    check_histograms();
}

void Scrape::wrong(std::string_view line, const std::string& why) {
    problems_.push_back(why + ": " + std::string(line));
}

void Scrape::read_line(std::string_view line) {
    if (line.empty()) return wrong(line, "an empty line");
    if (line.front() == '#') return read_comment(line);
    auto sample = read_sample(line);
    if (!sample) return;
    auto* family = family_of(sample->name);
    if (family == nullptr) return wrong(line, "a sample outside of its family");
    if (seen_[series_of(*sample)]++ > 0) wrong(line, "the same series twice");
    if (family->type != "gauge" && sample->value < 0) wrong(line, "a count below zero");
    if (family->type == "counter" && !sample->name.ends_with("_total"))
        wrong(line, "a counter that does not end in _total");
    family->samples.push_back(*std::move(sample));
}

void Scrape::read_comment(std::string_view line) {
    auto rest = line;
    (void)take_word(rest);
    const auto what = take_word(rest);
    const std::string name(take_word(rest));
    if (!is_name(name)) return wrong(line, "not a name");
    if (what == "HELP") {
        if (!families_.emplace(name, Family{"", std::string(rest), {}}).second)
            return wrong(line, "a family twice");
        if (rest.empty()) wrong(line, "a metric without help");
        current_ = name;
    } else if (what == "TYPE") {
        if (current_ != name || !families_[name].type.empty()) return wrong(line, "a type out of place");
        if (known_types.count(std::string(rest)) == 0) wrong(line, "an unknown type");
        families_[name].type = std::string(rest);
    } else {
        wrong(line, "an unknown comment");
    }
}

std::optional<Sample> Scrape::read_sample(std::string_view line) {
    Sample sample;
    auto rest = line;
    const auto name_end = std::min(rest.find_first_of("{ "), rest.size());
    sample.name = std::string(rest.substr(0, name_end));
    rest.remove_prefix(name_end);
    if (!is_name(sample.name) || (rest.starts_with('{') && !read_labels(rest, sample))) {
        wrong(line, "not a sample");
        return std::nullopt;
    }
    if (!rest.starts_with(' ')) {
        wrong(line, "no value");
        return std::nullopt;
    }
    const auto value = number(rest.substr(1));
    if (!value) {
        wrong(line, "not a number");
        return std::nullopt;
    }
    sample.value = *value;
    return sample;
}

// At "{"; after success behind "}".
bool Scrape::read_labels(std::string_view& rest, Sample& sample) {
    rest.remove_prefix(1);
    while (!rest.starts_with('}')) {
        const auto name_end = rest.find("=\"");
        if (name_end == std::string_view::npos || !is_name(rest.substr(0, name_end))) return false;
        const std::string name(rest.substr(0, name_end));
        rest.remove_prefix(name_end + 2);
        std::string value;
        while (!rest.empty() && rest.front() != '"') {
            if (rest.front() == '\\') {
                rest.remove_prefix(1);
                if (rest.empty() || std::string_view("\\\"n").find(rest.front()) == std::string_view::npos)
                    return false;
            }
            value += rest.front();
            rest.remove_prefix(1);
        }
        if (rest.empty() || !sample.labels.emplace(name, value).second) return false;
        rest.remove_prefix(1);
        if (rest.starts_with(',')) rest.remove_prefix(1);
    }
    rest.remove_prefix(1);
    return true;
}

Family* Scrape::family_of(const std::string& sample_name) {
    const auto it = families_.find(current_);
    if (it == families_.end() || it->second.type.empty()) return nullptr;
    if (it->second.type != "histogram") return sample_name == current_ ? &it->second : nullptr;
    for (const auto* end : {"_bucket", "_sum", "_count"}) {
        if (sample_name == current_ + end) return &it->second;
    }
    return nullptr;
}

// Buckets hold all that is below them, and the last one everything.
void Scrape::check_histograms() {
    for (const auto& [name, family] : families_) {
        if (family.type != "histogram") continue;
        std::map<std::map<std::string, std::string>, std::map<double, double>> buckets;
        for (auto sample : family.samples) {
            if (!sample.name.ends_with("_bucket")) continue;
            const auto bound = number(sample.labels["le"]);
            if (!bound) {
                problems_.push_back(name + ": a bucket without a bound");
                continue;
            }
            sample.labels.erase("le");
            buckets[sample.labels][*bound] = sample.value;
        }
        for (const auto& [labels, of_one] : buckets) {
            double below = 0;
            for (const auto& [bound, value] : of_one) {
                if (value < below) problems_.push_back(name + ": a bucket holds less than the one below");
                below = value;
            }
            if (!std::isinf(of_one.rbegin()->first)) problems_.push_back(name + ": no bucket for everything");
        }
        double in_all = 0;
        for (const auto& [labels, of_one] : buckets) in_all += of_one.rbegin()->second;
        if (in_all != sum(name + "_count")) problems_.push_back(name + ": buckets and count differ");
    }
}

double Scrape::sum(const std::string& name, const std::map<std::string, std::string>& labels) const {
    double sum = 0;
    for (const auto& [family_name, family] : families_) {
        if (!name.starts_with(family_name)) continue;
        for (const auto& sample : family.samples) {
            const bool fits = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
                const auto it = sample.labels.find(label.first);
                return it != sample.labels.end() && it->second == label.second;
            });
            if (sample.name == name && fits) sum += sample.value;
        }
    }
    return sum;
}

bool Scrape::knows(const std::string& name) const {
    if (families_.count(name) > 0) return true;
    for (const std::string end : {"_bucket", "_sum", "_count"}) {
        if (!name.ends_with(end)) continue;
        const auto it = families_.find(name.substr(0, name.size() - end.size()));
        if (it != families_.end() && it->second.type == "histogram") return true;
    }
    return false;
}

}  // namespace darkroom::e2e
