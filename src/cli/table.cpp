#include "cli/table.h"

#include <algorithm>

#include "base/check.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr int gap = 2;
constexpr int last_column_min = 8;

std::string aligned(const std::vector<std::string>& cells, const std::vector<int>& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto cell = cut_to_width(cells[i], widths[i]);
        line += i + 1 == cells.size() ? cell : pad_to_width(cell, widths[i] + gap);
    }
    return line;
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
    DR_CHECK(cells.size() == head_.size());
    for (auto& cell : cells) cell = cell.empty() ? "-" : printable(cell);
    rows_.push_back(std::move(cells));
}

std::vector<std::string> Table::lines(int width) const {
    std::vector<int> widths;
    for (const auto& name : head_) widths.push_back(display_width(name));
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
    }
    int before_last = 0;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + gap;
    widths.back() = std::min(widths.back(), std::max(width - before_last, last_column_min));

    std::vector<std::string> lines{aligned(head_, widths)};
    for (const auto& row : rows_) lines.push_back(aligned(row, widths));
    return lines;
}

std::vector<std::string> Table::plain_lines() const {
    std::vector<std::string> lines;
    for (const auto& row : rows_) {
        std::string line;
        for (const auto& cell : row) line += (line.empty() ? "" : "\t") + cell;
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace darkroom::cli
