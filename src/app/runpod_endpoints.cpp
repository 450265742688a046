#include "app/runpod_endpoints.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "app/endpoint_words.h"
#include "base/nearest.h"

namespace darkroom::app {
namespace {

constexpr std::size_t list_bytes_max = 16'384;
constexpr std::size_t endpoints_max = 32;
constexpr std::size_t gpu_bytes_max = 64;
constexpr std::size_t path_bytes_max = 128;

using Problems = std::vector<std::string>;

bool is_path(std::string_view text) {
    return text.find("..") == std::string_view::npos && text.find("//") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_endpoint_word(std::string_view(&c, 1), "-_./"); });
}

class EndpointReader {
public:
    EndpointReader(RunpodEndpointWords& words, Problems& problems) : words_(words), problems_(problems) {}

    void read(std::string_view text) {
        const auto id = next_part(text, ';');
        words_.id = id;
        words_.name = id;
        if (!is_endpoint_word(id, "-_"))
            complain("begins with its endpoint's id, 1 to 64 letters, digits, - or _, not " + shown(id));
        while (!text.empty()) {
            const auto property = next_part(text, ';');
            if (!property.empty()) read_property(property);
        }
        if (words_.volume.empty() && !words_.region.empty() && !used_.contains("volume"))
            complain("says region= without volume=: the region is the volume's data center");
    }

private:
    static constexpr std::string_view names[] = {"name",  "weight", "max",    "volume",  "region", "gpu",
                                                 "price", "worker", "inputs", "outputs", "mount"};
    static constexpr std::string_view workers[] = {"auto", "darkroom", "volume_files", "worker_comfyui"};

    void read_property(std::string_view property) {
        const auto equals = property.find('=');
        const auto name = trimmed(property.substr(0, equals));
        if (std::find(std::begin(names), std::end(names), name) == std::end(names))
            return complain_of_name(name);
        const auto value =
            equals == std::string_view::npos ? std::string_view{} : trimmed(property.substr(equals + 1));
        if (!used_.insert(std::string(name)).second) return complain("says " + std::string(name) + "= twice");
        if (value.empty()) return complain("says " + std::string(name) + " without a value");
        if (name == "weight" || name == "max" || name == "price") {
            read_figure(name, value);
        } else if (name == "worker") {
            read_worker(value);
        } else if (name == "inputs" || name == "outputs" || name == "mount") {
            read_path(name, value);
        } else {
            read_word(name, value);
        }
    }

    void read_worker(std::string_view value) {
        if (std::find(std::begin(workers), std::end(workers), value) == std::end(workers)) {
            const auto near = nearest_word(value, workers);
            return complain("worker= must be auto, darkroom, volume_files or worker_comfyui, not " +
                            shown(value) + (near ? "; did you mean " + std::string(*near) + "?" : ""));
        }
        words_.worker = value;
    }

    void read_path(std::string_view name, std::string_view value) {
        if (value.size() > path_bytes_max || !is_path(value))
            return complain(std::string(name) +
                            "= must be a path of letters, digits and -_./, without .., not " + shown(value));
        while (value.size() > 1 && value.ends_with('/') && name != "inputs") value.remove_suffix(1);
        if (name == "inputs") {
            words_.inputs = value;
        } else if (name == "mount") {
            if (!value.starts_with('/') || value.size() < 2)
                return complain("mount= must begin with a slash as in /workspace, not " + shown(value));
            words_.mount = std::string(value) + "/";
        } else if (value.starts_with('/')) {
            complain(
                "outputs= must be a folder on the volume as in outputs, without a slash before it, not " +
                shown(value));
        } else {
            words_.outputs = value;
        }
    }

    void read_word(std::string_view name, std::string_view value) {
        if (name == "gpu") {
            if (value.size() > gpu_bytes_max || !is_printable(value))
                return complain("gpu= must be the name of a GPU as in RTX 4090, not " + shown(value));
            words_.gpu = value;
            return;
        }
        const bool fits = is_endpoint_word(value, name == "name" ? "-_." : "-_");
        if (!fits)
            return complain(std::string(name) + "= must be 1 to 64 letters, digits, - or _, not " +
                            shown(value));
        // Endpoints of all backends share one list of names, and local has its place in it.
        if (name == "name" && value == "local")
            return complain("name=local is the name of this machine's own backend");
        (name == "name" ? words_.name : name == "volume" ? words_.volume : words_.region) = value;
    }

    void read_figure(std::string_view name, std::string_view value) {
        if (name == "weight") {
            if (const auto weight = parse_count(value, 1, 1'000)) {
                words_.weight = *weight;
            } else {
                complain("weight= must be a whole number from 1 to 1000, not " + shown(value));
            }
        } else if (name == "max") {
            words_.inflight_max = parse_count(value, 1, 2'000);
            if (!words_.inflight_max)
                complain("max= must be a whole number from 1 to 2000, not " + shown(value));
        } else {
            words_.micro_usd_per_second = parse_usd(value);
            if (!words_.micro_usd_per_second || *words_.micro_usd_per_second > 1'000'000)
                complain("price= must be dollars per second as in 0.00031, not " + shown(value));
        }
    }

    void complain_of_name(std::string_view name) {
        const auto near = nearest_word(name, names);
        complain("says " + shown(name) +
                 (near ? "; did you mean " + std::string(*near) + "=?"
                       : ", which is none of name, weight, max, volume, region, gpu, price, worker, inputs, "
                         "outputs and mount"));
    }

    void complain(const std::string& what) {
        problems_.push_back(is_endpoint_word(words_.id, "-_") ? "of " + words_.id + " " + what : what);
    }

    RunpodEndpointWords& words_;
    Problems& problems_;
    std::set<std::string, std::less<>> used_;
};

void find_doubles(const std::vector<RunpodEndpointWords>& endpoints, Problems& problems) {
    std::set<std::string_view> ids;
    std::set<std::string_view> names;
    for (const auto& endpoint : endpoints) {
        if (!ids.insert(endpoint.id).second) {
            problems.push_back("names " + endpoint.id + " twice");
        } else if (!names.insert(endpoint.name).second) {
            problems.push_back("calls two endpoints " + endpoint.name);
        }
    }
}

}  // namespace

std::optional<std::int64_t> parse_usd(std::string_view text) {
    constexpr std::int64_t micro_per_usd = 1'000'000;
    constexpr std::int64_t usd_max = 1'000'000'000;
    constexpr std::size_t decimals_max = 6;
    const auto digits_only = [](std::string_view part) {
        return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    const auto point = std::min(text.find('.'), text.size());
    const auto whole = text.substr(0, point);
    const auto decimals = text.substr(std::min(point + 1, text.size()));
    if (whole.empty() || !digits_only(whole) || !digits_only(decimals)) return std::nullopt;
    if (decimals.size() > decimals_max || (point != text.size() && decimals.empty())) return std::nullopt;
    std::int64_t usd = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), usd);
    if (error != std::errc() || usd > usd_max) return std::nullopt;
    std::int64_t micro = 0;
    for (std::size_t i = 0; i < decimals_max; ++i)
        micro = micro * 10 + (i < decimals.size() ? decimals[i] - '0' : 0);
    return usd * micro_per_usd + micro;
}

Result<std::vector<RunpodEndpointWords>, std::vector<std::string>> parse_runpod_endpoints(
    std::string_view text) {
    if (text.size() > list_bytes_max)
        return Fail(Problems{"is longer than " + std::to_string(list_bytes_max) + " characters"});
    std::vector<RunpodEndpointWords> endpoints;
    Problems problems;
    while (!text.empty()) {
        const auto part = next_part(text, ',');
        if (part.empty()) continue;
        EndpointReader(endpoints.emplace_back(), problems).read(part);
    }
    if (endpoints.empty()) problems.emplace_back("names no endpoint");
    if (endpoints.size() > endpoints_max)
        problems.push_back("names more than " + std::to_string(endpoints_max) + " endpoints");
    if (problems.empty()) find_doubles(endpoints, problems);
    if (!problems.empty()) return Fail(std::move(problems));
    return endpoints;
}

}  // namespace darkroom::app
