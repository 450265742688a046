#include "app/gateway_doctor.h"

#include <boost/json/value.hpp>

#include "app/key_files.h"
#include "base/json.h"

namespace darkroom::app {
namespace {

using upkeep::Finding;
using Level = Finding::Level;

constexpr Milliseconds patience{5'000};

/// nullopt = no such member, or no object at all.
std::optional<boost::json::value> member(const std::string& text, const char* name) {
    auto document = parse_json(text);
    if (!document || !document->is_object()) return std::nullopt;
    const auto* found = document->get_object().if_contains(name);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<std::string> url_of_gateway(const std::filesystem::path& data_dir) {
    const auto note = read_small_file(data_dir / "gateway.json");
    if (!note) return std::nullopt;
    const auto url = member(*note, "url");
    if (!url || !url->is_string()) return std::nullopt;
    return std::string(url->get_string());
}

Finding finding_of(const std::string& url, const ports::FetchedAnswer& answer) {
    if (answer.status == 401 || answer.status == 403)
        return {Level::warning, "gateway", url + " does not take the admin key: it was started with another"};
    const auto troubles = member(answer.body, "troubles");
    if (answer.status != 200 || !troubles || !troubles->is_array())
        return {Level::failed, "gateway",
                url + " could not tell how it is: it answered " + std::to_string(answer.status)};
    std::string text;
    for (const auto& trouble : troubles->get_array())
        if (trouble.is_string()) text += (text.empty() ? "" : " ") + std::string(trouble.get_string());
    if (!text.empty()) return {Level::failed, "gateway", std::move(text)};
    return {Level::ok, "gateway", "runs at " + url + ", and nothing is in its way"};
}

}  // namespace

std::vector<Finding> examine_gateway(const Settings& settings, ports::HttpClient& http) {
    const auto url = url_of_gateway(settings.data_dir);
    if (!url) return {};
    const auto key = settings.api_key ? settings.api_key : read_small_file(settings.data_dir / "admin.key");
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::post;
    request.url = *url + "/api/v1/dispatcher";
    request.headers = {{"Authorization", "Bearer " + key.value_or("")}};
    request.total_timeout = patience;
    request.answer_bytes_max = 64u << 10;
    const auto answer = http.fetch(request);
    if (answer) return {finding_of(*url, *answer)};
    if (answer.error().kind == ports::FetchError::unreachable) return {};
    return {{Level::failed, "gateway", *url + " does not answer: " + answer.error().detail}};
}

}  // namespace darkroom::app
