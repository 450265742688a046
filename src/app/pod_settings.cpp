#include "app/pod_settings.h"

#include <algorithm>
#include <set>

#include "app/endpoint_words.h"
#include "app/setting_reader.h"
#include "base/nearest.h"
#include "comfyui/comfy_settings.h"

namespace darkroom::app {
namespace {

constexpr std::size_t list_bytes_max = 16'384;
constexpr std::size_t pods_max = 32;
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t secret_bytes_max = 2'048;
constexpr int inflight_max = 2'000;
constexpr std::string_view words[] = {"name", "weight", "max", "header", "bearer", "token", "node_key"};

using Problems = std::vector<std::string>;

std::string_view host_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    const auto rest = url.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of("/?#"));
}

/// A name that attempts and logs can carry: "10.0.0.7-8188".
std::string name_from(std::string_view url) {
    std::string name;
    for (const char c : host_of(url).substr(0, name_bytes_max))
        name += is_endpoint_word(std::string_view(&c, 1), "-_.") ? c : '-';
    return name;
}

class PodReader {
public:
    PodReader(PodEndpoint& pod, Problems& problems) : pod_(pod), problems_(problems) {}

    void read(std::string_view text) {
        auto url = next_part(text, ';');
        while (url.ends_with('/')) url.remove_suffix(1);
        pod_.url = url;
        pod_.name = name_from(url);
        comfyui::ComfySettings tried;
        tried.base_url = pod_.url;
        tried.client_id = "any";
        is_url_ = comfyui::problems(tried).empty();
        if (!is_url_)
            return complain(
                "begins with an address as in http://127.0.0.1:8188, without a query or a password");
        while (!text.empty()) {
            const auto property = next_part(text, ';');
            if (!property.empty()) read_property(property);
        }
    }

private:
    void read_property(std::string_view property) {
        const auto equals = property.find('=');
        const auto word = trimmed(property.substr(0, equals));
        if (std::find(std::begin(words), std::end(words), word) == std::end(words))
            return complain_of_word(word, equals == std::string_view::npos);
        const auto value =
            equals == std::string_view::npos ? std::string_view{} : trimmed(property.substr(equals + 1));
        if (word != "header" && !used_.insert(std::string(word)).second)
            return complain("says " + std::string(word) + "= twice");
        if (value.empty()) return complain("says " + std::string(word) + " without a value");
        if (word == "weight" || word == "max") return read_figure(word, value);
        if (word == "name") return read_name(value);
        read_secret(word, value);
    }

    void read_name(std::string_view value) {
        if (!is_endpoint_word(value, "-_."))
            return complain("name= must be 1 to 64 letters, digits, - or _, not " + shown(value));
        if (value == "local") return complain("name=local is the name of this machine's own backend");
        pod_.name = value;
    }

    void read_figure(std::string_view word, std::string_view value) {
        const bool is_weight = word == "weight";
        const auto count = parse_count(value, 1, is_weight ? 1'000 : inflight_max);
        if (!count)
            return complain(std::string(word) + "= must be a whole number from 1 to " +
                            (is_weight ? "1000" : "2000") + ", not " + shown(value));
        if (is_weight) {
            pod_.weight = *count;
        } else {
            pod_.inflight_max = *count;
        }
    }

    void read_secret(std::string_view word, std::string_view value) {
        if (value.size() > secret_bytes_max || !is_printable(value))
            return complain(std::string(word) + "= holds what cannot be sent");
        if (word == "bearer") {
            pod_.headers.emplace_back("Authorization", "Bearer " + std::string(value));
        } else if (word == "token") {
            pod_.query.emplace_back("token", std::string(value));
        } else if (word == "node_key") {
            pod_.api_node_key = value;
        } else {
            const auto colon = value.find(':');
            const auto name = trimmed(value.substr(0, colon));
            const auto text =
                colon == std::string_view::npos ? std::string_view{} : trimmed(value.substr(colon + 1));
            // Origin would make ComfyUI refuse us, and the others are the client's own.
            if (!is_endpoint_word(name, "-_") || text.empty() || is_ours(name))
                return complain("header= must be a header of a login as in header=X-API-Key: value");
            pod_.headers.emplace_back(std::string(name), std::string(text));
        }
    }

    static bool is_ours(std::string_view name) {
        std::string lower(name);
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        constexpr std::string_view ours[] = {"origin",       "host",  "content-length", "transfer-encoding",
                                             "content-type", "range", "connection",     "upgrade"};
        return std::find(std::begin(ours), std::end(ours), lower) != std::end(ours);
    }

    // Without an equals sign it may be the rest of a secret that held the separator.
    void complain_of_word(std::string_view word, bool may_be_secret) {
        if (may_be_secret) return complain("has a part without =; a value cannot hold , or ;");
        const auto near = nearest_word(word, words);
        complain("says " + shown(word) +
                 (near ? "; did you mean " + std::string(*near) + "=?"
                       : ", which is none of name, weight, max, header, bearer, token and node_key"));
    }

    void complain(const std::string& what) {
        problems_.push_back(is_url_ ? "of " + pod_.url + " " + what : what);
    }

    PodEndpoint& pod_;
    Problems& problems_;
    std::set<std::string, std::less<>> used_;
    bool is_url_ = false;
};

void find_doubles(const std::vector<PodEndpoint>& pods, Problems& problems) {
    std::set<std::string_view> urls;
    std::set<std::string_view> names;
    for (const auto& pod : pods) {
        if (!urls.insert(pod.url).second) {
            problems.push_back("names " + pod.url + " twice");
        } else if (!names.insert(pod.name).second) {
            problems.push_back("calls two pods " + pod.name);
        }
    }
}

}  // namespace

Result<std::vector<PodEndpoint>, Problems> parse_pods(std::string_view text) {
    if (text.size() > list_bytes_max)
        return Fail(Problems{"is longer than " + std::to_string(list_bytes_max) + " characters"});
    std::vector<PodEndpoint> pods;
    Problems problems;
    while (!text.empty()) {
        const auto part = next_part(text, ',');
        if (part.empty()) continue;
        PodReader(pods.emplace_back(), problems).read(part);
    }
    if (pods.empty()) problems.emplace_back("names no pod");
    if (pods.size() > pods_max) problems.push_back("names more than " + std::to_string(pods_max) + " pods");
    if (problems.empty()) find_doubles(pods, problems);
    if (!problems.empty()) return Fail(std::move(problems));
    return pods;
}

std::vector<PodEndpoint> read_pods(SettingReader& reader, bool is_default) {
    const auto text = reader.text("COMFYUI_URL");
    if (text.empty()) {
        if (is_default)
            reader.wrong("COMFYUI_URL",
                         "must be set: COMFYUI_MODE=pod sends jobs to the ComfyUI server there");
        return {};
    }
    auto pods = parse_pods(text);
    if (!pods) {
        for (const auto& problem : pods.error()) reader.wrong("COMFYUI_URL", problem);
        return {};
    }
    const int limit = reader.text("MAX_INFLIGHT").empty()
                          ? pod_inflight_default
                          : static_cast<int>(reader.number("MAX_INFLIGHT", 1, inflight_max));
    for (auto& pod : *pods) pod.inflight_max = pod.inflight_max.value_or(limit);
    return *std::move(pods);
}

}  // namespace darkroom::app
