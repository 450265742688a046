#include "bench/queue/pages.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>

#include "bench/gateway/figures.h"
#include "bench/queue/failure.h"
#include "bench/queue/plot.h"

namespace darkroom::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* head = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Darkroom: bench queue</title>
<style>
:root{color-scheme:light dark;--line:#8884;--good:#1a7f37;--bad:#cf222e}
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem}
h1,h2{font-weight:600;line-height:1.2}h2{margin-top:3rem}p{max-width:80ch}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right}
th:first-child,td:first-child{text-align:left}
.kept{color:var(--good)}.missed{color:var(--bad);font-weight:600}
.wide{overflow-x:auto}svg{max-width:100%;height:auto}
</style>
)";

/// Which figures of a part belong into one plot; measures that end in `ending`.
struct PlotPlan {
    const char* file;
    const char* part;
    const char* begin;   // of the measures' names
    const char* ending;  // of them, not shown
    const char* title;
    bool logarithmic;
};
constexpr PlotPlan plots[] = {
    {"queue-work", "work", "enqueue and work", ": jobs/s", "Enqueue and work, jobs per second", false},
    {"queue-enqueue", "work", "enqueue,", ": jobs/s", "Enqueue, jobs per second", false},
    {"queue-latency", "latency", "500/s", " ms", "Enqueue to start of work, milliseconds", true},
    {"queue-claims", "claims", "", ": ms", "A fetch of 100 jobs, milliseconds", false},
    {"queue-claim-pages", "claims", "", ": pages", "A fetch of 100 jobs, pages that Postgres looks at",
     false},
    {"queue-pinned", "pinned", "", ": ms", "A fetch of 100 jobs beside a long transaction, milliseconds",
     true},
    {"queue-memory", "memory", "", " MiB", "Memory with a queue, MiB", true},
};

bool is_ours(const Findings& findings, const std::string& side) {
    return std::any_of(findings.sides.begin(), findings.sides.end(),
                       [&](const SideNote& note) { return note.name == side && note.ours; });
}

/// At most three series; where there are more, the last ones: the longest queues, the highest rate.
std::vector<std::string> series_of(const Findings& findings, const PlotPlan& plan) {
    auto measures = findings.measures_of(plan.part);
    measures.erase(std::remove_if(measures.begin(), measures.end(),
                                  [&](const std::string& name) {
                                      return !name.starts_with(plan.begin) || !name.ends_with(plan.ending);
                                  }),
                   measures.end());
    if (measures.size() > 3) measures.erase(measures.begin(), measures.end() - 3);
    return measures;
}

BarPlot bars_of(const Findings& findings, const PlotPlan& plan) {
    BarPlot plot{plan.title, {}, {}, 0, plan.logarithmic};
    const auto measures = series_of(findings, plan);
    for (const auto& measure : measures)
        plot.series.push_back(measure.substr(0, measure.size() - std::string(plan.ending).size()));
    for (const auto& side : findings.sides_of(plan.part)) {
        BarRow row{side, {}, is_ours(findings, side)};
        bool any = false;
        for (const auto& measure : measures) {
            const auto* figure = findings.find(plan.part, measure, side);
            row.values.push_back(figure == nullptr ? -1 : figure->value);
            if (figure == nullptr) continue;
            any = true;
            plot.digits = std::max(plot.digits, figure->digits);
        }
        if (any) plot.rows.push_back(row);
    }
    return plot;
}

void write_file(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw CannotMeasure("cannot write " + path.string());
}

void write_row(std::ostream& page, const std::vector<std::string>& cells, const char* kind) {
    page << "<tr>";
    for (const auto& cell : cells) page << "<" << kind << ">" << xml_text(cell) << "</" << kind << ">";
    page << "</tr>\n";
}

void write_sides(std::ostream& page, const Findings& findings) {
    page << "<h2>Sides</h2>\n<div class=\"wide\"><table>";
    write_row(page, {"", "version", "what an answer stands for"}, "th");
    for (const auto& side : findings.sides) write_row(page, {side.name, side.version, side.durability}, "td");
    page << "</table></div>\n";
}

void write_gates(std::ostream& page, const Findings& findings) {
    page << "<h2>Promises</h2>\n<div class=\"wide\"><table>";
    write_row(page, {"", "promised", "measured", ""}, "th");
    for (const auto& gate : findings.gates) {
        page << "<tr><td>" << xml_text(gate.what) << "</td><td>" << xml_text(gate.target) << "</td><td>"
             << xml_text(gate.figure) << "</td><td class=\""
             << (gate.kept ? "kept\">kept" : "missed\">missed") << "</td></tr>\n";
    }
    page << "</table></div>\n";
}

void write_part(std::ostream& page, const Findings& findings, const PartNote& part) {
    page << "<h2>" << xml_text(part.title) << "</h2>\n<p>" << xml_text(part.about) << "</p>\n";
    for (const auto& plan : plots) {
        if (plan.part != part.part) continue;
        const auto plot = bars_of(findings, plan);
        if (!plot.rows.empty()) page << draw_bars(plot);
    }
    const auto measures = findings.measures_of(part.part);
    std::vector<std::string> header{""};
    header.insert(header.end(), measures.begin(), measures.end());
    page << "<div class=\"wide\"><table>";
    write_row(page, header, "th");
    for (const auto& side : findings.sides_of(part.part)) {
        std::vector<std::string> row{side};
        for (const auto& measure : measures) {
            const auto* figure = findings.find(part.part, measure, side);
            row.push_back(figure == nullptr ? "–" : text_of(*figure, true));
        }
        write_row(page, row, "td");
    }
    page << "</table></div>\n";
}

json::object as_json(const Findings& findings) {
    json::array sides, figures, gates;
    for (const auto& one : findings.sides) {
        sides.push_back(json::object{{"name", one.name},
                                     {"version", one.version},
                                     {"durability", one.durability},
                                     {"synced", one.synced},
                                     {"here", one.here}});
    }
    for (const auto& one : findings.figures) {
        figures.push_back(json::object{{"part", one.part},
                                       {"measure", one.measure},
                                       {"side", one.side},
                                       {"median", one.value},
                                       {"low", one.low},
                                       {"high", one.high}});
    }
    for (const auto& one : findings.gates) {
        gates.push_back(json::object{
            {"what", one.what}, {"target", one.target}, {"figure", one.figure}, {"kept", one.kept}});
    }
    return {{"date", findings.date},
            {"machine", findings.machine},
            {"how", findings.how},
            {"seconds", findings.seconds},
            {"load_at_end", findings.load_at_end},
            {"sides", sides},
            {"figures", figures},
            {"gates", gates}};
}

}  // namespace

void write_pages(const Findings& findings, const fs::path& folder) {
    std::error_code ignored;  // writing says it
    fs::create_directories(folder, ignored);
    std::ostringstream page;
    page << head << "<h1>bench queue</h1>\n<p>" << xml_text(findings.date) << " · "
         << xml_text(findings.machine) << "<br>" << xml_text(findings.how) << " · "
         << number(findings.seconds) << " s · load at the end " << number(findings.load_at_end, 1)
         << "</p>\n";
    write_gates(page, findings);
    write_sides(page, findings);
    for (const auto& part : findings.parts) write_part(page, findings, part);
    page << "</html>\n";
    write_file(folder / "queue.html", page.str());
    write_file(folder / "queue.json", json::serialize(as_json(findings)) + "\n");
    for (const auto& plan : plots) {
        const auto plot = bars_of(findings, plan);
        if (!plot.rows.empty()) write_file(folder / (std::string(plan.file) + ".svg"), draw_bars(plot));
    }
}

}  // namespace darkroom::bench
