#include "bench/imaging/results_file.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <fstream>
#include <map>

#include "base/json.h"
#include "bench/gateway/figures.h"
#include "tests/support/child_process.h"

namespace darkroom::bench {
namespace {

namespace json = boost::json;

constexpr double tolerated = 0.02;
constexpr std::size_t bytes_max = std::size_t{64} << 20U;

json::value or_null(const std::optional<double>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

json::object as_json(const Promise& promise) {
    return {{"operation", promise.operation},
            {"figure", promise.figure},
            {"value", promise.value},
            {"gate", json::array{or_null(promise.gate.low), or_null(promise.gate.high)}},
            {"goal", json::array{or_null(promise.goal.low), or_null(promise.goal.high)}},
            {"kept", promise.kept()}};
}

json::object as_json(const SetReport& set) {
    json::array cases;
    for (const Case& one : set.cases) {
        json::object figures;
        for (const auto& [name, value] : one.figures) figures[name] = value;
        cases.push_back(json::object{{"name", one.name}, {"remark", one.remark}, {"figures", figures}});
    }
    return {{"id", set.id}, {"seconds", set.seconds}, {"cases", cases}};
}

/// How much worse `now` is, as a share of `before`; for a figure with two bounds, how much further from their
/// middle.
double worsening(const Promise& promise, double now, double before) {
    const auto off = [&](double value) {
        if (promise.gate.low && promise.gate.high)
            return std::abs(value - (*promise.gate.low + *promise.gate.high) / 2);
        return promise.gate.low ? -value : value;
    };
    return (off(now) - off(before)) / std::max(1e-9, std::abs(before));
}

std::string key_of(std::string_view operation, std::string_view figure) {
    return std::string(operation) + ": " + std::string(figure);
}

Result<std::map<std::string, double>, std::string> figures_in(const std::filesystem::path& path) {
    const auto wrong = [&](const char* why) { return Fail(path.string() + ": " + why); };
    const auto parsed = parse_json(testing::read_file(path), bytes_max);
    if (!parsed) return wrong("not a JSON file of an earlier run");
    const auto* top = parsed->if_object();
    const auto* promises = top == nullptr ? nullptr : top->if_contains("promises");
    if (promises == nullptr || !promises->is_array()) return wrong("has no promises");
    std::map<std::string, double> figures;
    for (const json::value& one : promises->get_array()) {
        const auto* fields = one.if_object();
        const auto* operation = fields == nullptr ? nullptr : fields->if_contains("operation");
        const auto* figure = fields == nullptr ? nullptr : fields->if_contains("figure");
        const auto* value = fields == nullptr ? nullptr : fields->if_contains("value");
        if (operation == nullptr || figure == nullptr || value == nullptr || !operation->is_string() ||
            !figure->is_string() || !value->is_number())
            return wrong("has a promise without operation, figure or value");
        figures[key_of(operation->get_string(), figure->get_string())] = value->to_number<double>();
    }
    return figures;
}

}  // namespace

Result<void, std::string> write_results(const Report& report, const std::filesystem::path& path) {
    json::array promises, sets, peers;
    for (const Promise& one : report.promises()) promises.push_back(as_json(one));
    for (const SetReport& set : report.sets) sets.push_back(as_json(set));
    for (const std::string& peer : report.peers) peers.push_back(json::value(peer));
    const json::object whole = {
        {"date", report.date}, {"machine", report.machine}, {"how", report.how}, {"seconds", report.seconds},
        {"peers", peers},      {"promises", promises},      {"sets", sets}};
    std::ofstream file(path, std::ios::binary);
    file << json::serialize(whole) << "\n";
    file.close();
    if (!file) return Fail("cannot write " + path.string());
    return {};
}

Result<std::vector<std::string>, std::string> regressions(const Report& report,
                                                          const std::filesystem::path& earlier) {
    const auto before = figures_in(earlier);
    if (!before) return Fail(before.error());
    std::vector<std::string> worse;
    for (const Promise& promise : report.promises()) {
        const auto found = before->find(key_of(promise.operation, promise.figure));
        if (found == before->end()) continue;
        const double share = worsening(promise, promise.value, found->second);
        if (share <= tolerated) continue;
        worse.push_back(found->first + ": " + number(promise.value, promise.digits) + " after " +
                        number(found->second, promise.digits) + ", " + number(100 * share, 1) + " % worse");
    }
    return worse;
}

}  // namespace darkroom::bench
