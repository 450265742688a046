// darkroom-contact-sheet OUT.png BEFORE AFTER LABEL [BEFORE AFTER LABEL]...
// or, for many: --manifest FILE with one line `BEFORE <tab> AFTER <tab> LABEL` per pair.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tools/contact_sheet/contact_sheet.h"
#include "tools/pictures/picture_file.h"

namespace {

using namespace darkroom;

int complain(const std::string& why, int code) {
    std::fprintf(stderr, "darkroom-contact-sheet: %s\n", why.c_str());
    return code;
}

/// Appends the manifest's fields; the answer is what is wrong with it, or nothing.
std::string read_manifest(const std::string& path, std::vector<std::string>& fields) {
    std::ifstream file(path);
    if (!file) return "cannot open " + path;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty()) continue;
        const std::size_t first = line.find('\t');
        const std::size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
        if (second == std::string::npos) {
            return path + ":" + std::to_string(number) + ": a line is BEFORE <tab> AFTER <tab> LABEL";
        }
        fields.push_back(line.substr(0, first));
        fields.push_back(line.substr(first + 1, second - first - 1));
        fields.push_back(line.substr(second + 1));
    }
    return {};
}

int run(int argc, char** argv) {
    std::string out;
    std::string manifest;
    std::vector<std::string> fields;
    contact_sheet::Layout layout;
    CLI::App app{"Draws pairs of pictures, before | after, with a label under each, into one PNG."};
    app.add_option("OUT", out, "the sheet, .png or .jpg")->required();
    app.add_option("PAIRS", fields, "BEFORE AFTER LABEL, again and again");
    app.add_option("--manifest", manifest, "a file of lines BEFORE <tab> AFTER <tab> LABEL");
    app.add_option("--title", layout.title, "a headline");
    app.add_option("--cell", layout.cell, "side of one picture, px")->check(CLI::Range(64, 2000));
    app.add_option("--columns", layout.columns, "pairs side by side")->check(CLI::Range(1, 20));
    CLI11_PARSE(app, argc, argv);
    if (!manifest.empty()) {
        if (const std::string wrong = read_manifest(manifest, fields); !wrong.empty())
            return complain(wrong, 2);
    }
    if (fields.empty() || fields.size() % 3 != 0) return complain("give BEFORE AFTER LABEL for each pair", 2);
    std::vector<contact_sheet::Pair> pairs;
    for (std::size_t i = 0; i < fields.size(); i += 3) {
        auto before = pictures::read_picture(fields[i]);
        if (!before) return complain(before.error(), 1);
        auto after = pictures::read_picture(fields[i + 1]);
        if (!after) return complain(after.error(), 1);
        pairs.push_back({*before, *after, fields[i + 2]});
    }
    const auto written = pictures::write_picture(contact_sheet::draw(pairs, layout), out);
    return written ? 0 : complain(written.error(), 1);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        return complain(error.what(), 1);
    }
}
