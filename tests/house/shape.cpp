// The shape of a file: how it opens, how long it is, what it must not contain whatever its language.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/house/cpp_text.h"
#include "tests/house/text_rules.h"

namespace darkroom::house {
namespace {

constexpr std::size_t lines_max = 400;

bool ends_with_one_of(const std::string& path, std::initializer_list<std::string_view> ends) {
    for (const auto end : ends) {
        if (path.ends_with(end)) return true;
    }
    return false;
}

bool is_script(const std::string& path) {
    return path == "dev" || path == ".ci/run" || ends_with_one_of(path, {".sh", ".py"});
}

/// The comment that opens a file: // in C++, # elsewhere, """ in Python, after a #! line.
bool opens_with_comment(const SourceFile& file) {
    std::string_view text = file.text;
    if (text.starts_with("#!")) text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
    if (is_cpp(file)) return text.starts_with("// ");
    return text.starts_with("# ") || text.starts_with("\"\"\"");
}

/// lease.cpp and lease_test.cpp may open with an #include if they include lease.h, which tells what they are.
bool leans_on_header(const SourceFile& file) {
    if (!file.path.ends_with(".cpp") || !file.text.starts_with("#include ")) return false;
    auto header = file.path.substr(file.path.rfind('/') + 1);
    for (const std::string_view end : {".cpp", "_test", "_fuzz", "_bench"}) {
        if (header.ends_with(end)) header.resize(header.size() - end.size());
    }
    header += ".h";
    for (const auto& include : includes_of(file.text, split_cpp(file.text).code)) {
        if (include.target == header || include.target.ends_with("/" + header)) return true;
    }
    return false;
}

/// A mark for later work says whose it is and which issue tracks it: TODO(name): #12 ...
bool is_tracked(std::string_view rest) {
    const auto close = rest.find(')');
    const auto issue = rest.find('#');
    return rest.starts_with('(') && close != std::string_view::npos && close > 1 &&
           issue != std::string_view::npos && issue + 1 < rest.size() &&
           std::isdigit(static_cast<unsigned char>(rest[issue + 1])) != 0;
}

void check_marks(const SourceFile& file, std::vector<Finding>& findings) {
    const auto comments = is_cpp(file) ? split_cpp(file.text).comments : file.text;
    int number = 0;
    for (const auto line : lines_of(comments)) {
        ++number;
        for (const auto* mark : {"FIXME", "XXX", "HACK"}) {
            if (find_name(line, mark) == std::string_view::npos) continue;
            findings.push_back({file.path, number, std::string(mark) + " never reaches main: mend it now"});
        }
        const auto todo = find_name(line, "TODO");
        if (todo != std::string_view::npos && !is_tracked(line.substr(todo + 4))) {
            findings.push_back(
                {file.path, number, "unfinished work has a name and an issue: TODO(name): #12 ..."});
        }
    }
}

void check_bytes(const SourceFile& file, std::vector<Finding>& findings) {
    int number = 0;
    for (const auto line : lines_of(file.text)) {
        ++number;
        if (line.find('\t') != std::string_view::npos)
            findings.push_back({file.path, number, "a tab; we indent by spaces"});
        if (line.ends_with('\r'))
            findings.push_back({file.path, number, "a carriage return at the end of the line"});
    }
    if (!file.text.empty() && !file.text.ends_with('\n'))
        findings.push_back({file.path, number, "no line end at the end"});
}

}  // namespace

std::vector<Finding> check_shape(const SourceFile& file) {
    std::vector<Finding> findings;
    const bool is_document = ends_with_one_of(file.path, {".md"});
    if (is_cpp(file) || is_script(file.path)) {
        const auto count = lines_of(file.text).size();
        if (!opens_with_comment(file) && !leans_on_header(file)) {
            findings.push_back({file.path, 1, "opens without a comment that says what it is and promises"});
        }
        if (count > lines_max) {
            findings.push_back({file.path, 0, std::to_string(count) + " lines: what second thing moved in?"});
        }
    }
    if (file.path.ends_with(".h") && split_cpp(file.text).code.find("#pragma once") == std::string::npos) {
        findings.push_back({file.path, 0, "no #pragma once"});
    }
    if (!is_document) check_marks(file, findings);
    check_bytes(file, findings);
    return findings;
}

std::vector<Finding> check_machine_paths(const SourceFile& file, const std::string& root) {
    std::vector<Finding> findings;
    // Put together here so that this file does not name one itself.
    std::vector<std::string> needles = {std::string("/ho") + "me/", std::string("/ro") + "ot/",
                                        std::string("/Us") + "ers/", std::string("/wo") + "rk/",
                                        std::string("/tmp/br") + "ief"};
    if (root.find('/', 1) != std::string::npos) needles.push_back(root);
    int number = 0;
    for (const auto line : lines_of(file.text)) {
        ++number;
        for (const auto& needle : needles) {
            if (line.find(needle) == std::string_view::npos) continue;
            findings.push_back({file.path, number, "names a folder of one machine: " + needle});
        }
    }
    return findings;
}

}  // namespace darkroom::house
