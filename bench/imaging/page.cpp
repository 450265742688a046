#include "bench/imaging/page.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "bench/gateway/figures.h"
#include "bench/imaging/sets.h"
#include "tests/support/child_process.h"
#include "tools/contact_sheet/contact_sheet.h"
#include "tools/pictures/picture_file.h"

namespace darkroom::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t rows_shown = 20;  // of each sheet, the worst first
constexpr int sheet_quality = 86;

constexpr const char* head = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Darkroom: bench imaging</title>
<style>
:root{color-scheme:light dark;--line:#8884;--good:#1a7f37;--bad:#cf222e}
body{font:15px/1.5 system-ui,sans-serif;max-width:1320px;margin:2rem auto;padding:0 1rem}
h1,h2{font-weight:600;line-height:1.2}h2{margin-top:3rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right}
th:first-child,td:first-child{text-align:left}
.kept{color:var(--good)}.missed{color:var(--bad);font-weight:600}
img{max-width:100%;height:auto;border:1px solid var(--line)}p{max-width:80ch}
.wide{overflow-x:auto}
</style>
)";

/// As data: URLs want it, from the form that URLs want.
std::string base64(const std::string& bytes) {
    std::string text = to_base64url(bytes);
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '&') {
            safe += "&amp;";
        } else if (c == '<') {
            safe += "&lt;";
        } else if (c == '>') {
            safe += "&gt;";
        } else {
            safe += c;
        }
    }
    return safe;
}

void write_table(std::ostream& page, const ReportTable& table) {
    if (!table.title.empty()) page << "<h3>" << escaped(table.title) << "</h3>\n";
    page << "<div class=\"wide\"><table><tr>";
    for (const auto& cell : table.header) page << "<th>" << escaped(cell) << "</th>";
    page << "</tr>\n";
    for (const auto& row : table.rows) {
        page << "<tr>";
        for (const auto& cell : row) page << "<td>" << escaped(cell) << "</td>";
        page << "</tr>\n";
    }
    page << "</table></div>\n";
    if (!table.note.empty()) page << "<p>" << escaped(table.note) << "</p>\n";
}

void write_promises(std::ostream& page, const std::vector<Promise>& promises) {
    page << "<div "
            "class=\"wide\"><table><tr><th>promise</th><th></th><th>gate</th><th>goal</th><th>measured</"
            "th><th></th></tr>\n";
    for (const Promise& one : promises) {
        page << "<tr><td>" << escaped(one.operation) << "</td><td>" << escaped(one.figure) << "</td><td>"
             << text_of(one.gate, one.digits) << "</td><td>" << text_of(one.goal, one.digits) << "</td><td>"
             << number(one.value, one.digits) << "</td><td class=\""
             << (one.kept() ? "kept\">kept" : "missed\">missed")
             << (one.kept() && one.at_goal() ? ", at goal" : "") << "</td></tr>\n";
    }
    page << "</table></div>\n";
}

/// The worst cases' tiles, or nothing where the set has no pictures.
cv::Mat sheet_of(const SetReport& set) {
    std::vector<const Case*> worst;
    for (const Case& one : set.cases) {
        if (!one.tiles.empty()) worst.push_back(&one);
    }
    if (worst.empty() || set.columns.empty()) return {};
    std::stable_sort(worst.begin(), worst.end(),
                     [](const Case* a, const Case* b) { return a->badness > b->badness; });
    worst.resize(std::min(worst.size(), rows_shown));
    std::vector<contact_sheet::Row> rows;
    rows.reserve(worst.size());
    for (const Case* one : worst) rows.push_back({one->tiles, one->name + ": " + one->remark});
    return contact_sheet::draw_rows(rows, {.cell = tile_side, .headings = set.columns, .title = set.id});
}

Result<void, std::string> write_set(std::ostream& page, const SetReport& set, const fs::path& folder) {
    page << "<h2>" << escaped(set.title) << " · " << escaped(set.id) << "</h2>\n<p>" << escaped(set.about)
         << "</p>\n";
    write_promises(page, set.promises);
    for (const ReportTable& table : set.tables) write_table(page, table);
    const cv::Mat sheet = sheet_of(set);
    if (sheet.empty()) return {};
    if (auto png = pictures::write_picture(sheet, folder / (set.id + ".png")); !png) return Fail(png.error());
    const fs::path jpeg = folder / (set.id + ".jpg");
    if (auto written = pictures::write_picture(sheet, jpeg, sheet_quality); !written)
        return Fail(written.error());
    page << "<p>The worst " << std::min(rows_shown, set.cases.size()) << " of " << set.cases.size()
         << ", worst first.</p>\n<img alt=\"Contact sheet of " << escaped(set.id)
         << "\" src=\"data:image/jpeg;base64," << base64(testing::read_file(jpeg)) << "\">\n";
    fs::remove(jpeg);
    return {};
}

}  // namespace

Result<void, std::string> write_page(const Report& report, const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder / "imaging", error);
    std::ostringstream page;
    page << head << "<h1>bench imaging</h1>\n<p>" << escaped(report.date) << " · " << escaped(report.machine)
         << "<br>" << escaped(report.how) << " · " << number(report.seconds) << " s</p>\n<ul>\n";
    for (const std::string& peer : report.peers) page << "<li>" << escaped(peer) << "</li>\n";
    page << "</ul>\n<h2>Promises</h2>\n";
    write_promises(page, report.promises());
    for (const SetReport& set : report.sets) {
        if (auto written = write_set(page, set, folder / "imaging"); !written) return written;
    }
    page << "</html>\n";
    std::ofstream file(folder / "imaging.html", std::ios::binary);
    file << page.str();
    file.close();
    if (!file) return Fail("cannot write " + (folder / "imaging.html").string());
    return {};
}

}  // namespace darkroom::bench
