#include "bench/queue/plot.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "bench/gateway/figures.h"

namespace darkroom::bench {
namespace {

constexpr int width = 860;
constexpr int label_width = 190;
constexpr int value_width = 90;
constexpr int bar_width_max = width - label_width - value_width;
constexpr int bar_height = 15;
constexpr int gap = 11;  // between rows
constexpr int head_height = 62;
constexpr double bar_least = 1.5;

// Dark enough for white, light enough for black; the first series is the strongest.
constexpr const char* colours[2][3] = {{"#7d8fa3", "#a3b1c0", "#c4ced8"}, {"#d9622b", "#e78f62", "#f0b696"}};

struct Scale {
    double least = 0;
    double most = 1;
    bool logarithmic = false;

    double length(double value) const {
        const double share = logarithmic ? std::log(value / least) / std::log(most / least) : value / most;
        return std::max(bar_least, share * bar_width_max);
    }
};

Scale scale_of(const BarPlot& plot) {
    Scale scale{1e300, 1e-300, plot.logarithmic};
    for (const auto& row : plot.rows) {
        for (const double value : row.values) {
            if (value < 0) continue;
            scale.most = std::max(scale.most, value);
            if (value > 0) scale.least = std::min(scale.least, value);
        }
    }
    scale.least /= 2;  // the shortest bar is to be seen
    return scale;
}

void text(std::ostream& svg, int x, int y, const char* more, const std::string& what) {
    svg << "<text x=\"" << x << "\" y=\"" << y << "\" " << more << ">" << xml_text(what) << "</text>\n";
}

void draw_legend(std::ostream& svg, const BarPlot& plot) {
    if (plot.series.size() < 2) return;
    int x = label_width;
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        svg << "<rect x=\"" << x << "\" y=\"36\" width=\"12\" height=\"12\" fill=\"" << colours[0][i]
            << "\"/>\n";
        text(svg, x + 17, 46, "class=\"small\"", plot.series[i]);
        x += 40 + static_cast<int>(plot.series[i].size()) * 7;
    }
}

int row_height(const BarPlot& plot) { return static_cast<int>(plot.series.size()) * bar_height + gap; }

void draw_row(std::ostream& svg, const BarPlot& plot, const Scale& scale, const BarRow& row, int y) {
    const int middle = y + (row_height(plot) - gap) / 2 + 4;
    text(svg, label_width - 8, middle,
         row.ours ? "text-anchor=\"end\" font-weight=\"600\"" : "text-anchor=\"end\"", row.label);
    for (std::size_t i = 0; i < row.values.size(); ++i, y += bar_height) {
        if (row.values[i] < 0) continue;
        const double length = scale.length(row.values[i]);
        svg << "<rect x=\"" << label_width << "\" y=\"" << y << "\" width=\""
            << number(std::floor(length * 10) / 10, 1) << "\" height=\"" << bar_height - 2
            << "\" rx=\"2\" fill=\"" << colours[row.ours ? 1 : 0][i] << "\"/>\n";
        text(svg, label_width + static_cast<int>(length) + 6, y + 11, "class=\"small\"",
             number(row.values[i], plot.digits));
    }
}

}  // namespace

std::string xml_text(const std::string& plain) {
    std::string safe;
    for (const char c : plain) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

std::string draw_bars(const BarPlot& plot) {
    const int height = head_height + static_cast<int>(plot.rows.size()) * row_height(plot);
    std::ostringstream svg;
    svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << " " << height
        << "\" width=\"" << width << "\" height=\"" << height << "\" role=\"img\">\n<title>"
        << xml_text(plot.title) << "</title>\n"
        << "<style>text{font:13px system-ui,sans-serif;fill:#24292f}.small{font-size:12px}"
           "@media(prefers-color-scheme:dark){text{fill:#d0d7de}}</style>\n";
    text(svg, 0, 18, "font-weight=\"600\" style=\"font-size:15px\"",
         plot.title + (plot.logarithmic ? " (logarithmic)" : ""));
    draw_legend(svg, plot);
    const auto scale = scale_of(plot);
    int y = head_height;
    for (const auto& row : plot.rows) {
        draw_row(svg, plot, scale, row, y);
        y += row_height(plot);
    }
    svg << "</svg>\n";
    return svg.str();
}

}  // namespace darkroom::bench
