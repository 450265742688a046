// Bars as SVG: for the page of a run and for the docs, readable on a light and on a dark page.
#pragma once
#include <string>
#include <vector>

namespace darkroom::bench {

struct BarRow {
    std::string label;
    std::vector<double> values;  // one for each series; negative: none
    bool ours = false;           // drawn in another colour
};

struct BarPlot {
    std::string title;
    std::vector<std::string> series;  // at most three
    std::vector<BarRow> rows;
    int digits = 0;
    bool logarithmic = false;
};

/// A whole SVG document.
std::string draw_bars(const BarPlot& plot);

/// & < > and quotes as XML and HTML want them.
std::string xml_text(const std::string& text);

}  // namespace darkroom::bench
