#include "tests/house/source_tree.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string_view>

namespace darkroom::house {
namespace {

bool is_foreign_folder(const std::string& name) {
    static constexpr std::array<std::string_view, 5> foreign = {"build", "demo-out", "darkroom-data",
                                                                "node_modules", "__pycache__"};
    if (name == ".ci" || name == ".github") return false;
    return name.starts_with('.') || std::find(foreign.begin(), foreign.end(), name) != foreign.end();
}

bool is_text(const std::filesystem::path& path) {
    static constexpr std::array<std::string_view, 14> extensions = {".h",  ".cpp",  ".def", ".cmake", ".txt",
                                                                    ".md", ".sh",   ".py",  ".json",  ".sql",
                                                                    ".in", ".yaml", ".ts",  ".css"};
    static constexpr std::array<std::string_view, 6> names = {"dev",        "run",           ".env.example",
                                                              ".gitignore", ".clang-format", ".clang-tidy"};
    const auto extension = path.extension().string();
    const auto name = path.filename().string();
    return std::find(extensions.begin(), extensions.end(), extension) != extensions.end() ||
           std::find(names.begin(), names.end(), name) != names.end();
}

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<SourceFile> read_tree(const std::filesystem::path& root) {
    std::vector<SourceFile> files;
    std::filesystem::recursive_directory_iterator entry(root);
    for (; entry != std::filesystem::recursive_directory_iterator(); ++entry) {
        if (entry->is_directory()) {
            if (is_foreign_folder(entry->path().filename().string())) entry.disable_recursion_pending();
        } else if (entry->is_regular_file() && is_text(entry->path())) {
            files.push_back(
                {entry->path().lexically_relative(root).generic_string(), read_text(entry->path())});
        }
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return files;
}

bool is_cpp(const SourceFile& file) { return file.path.ends_with(".h") || file.path.ends_with(".cpp"); }

bool is_test(const std::string& path) {
    return path.starts_with("tests/") || path.ends_with("_test.cpp") || path.ends_with("_fuzz.cpp") ||
           path.ends_with("_bench.cpp") || path.ends_with("_fixture.h");
}

std::string describe(const std::vector<Finding>& findings) {
    std::string text;
    for (const auto& finding : findings) {
        text += finding.path;
        if (finding.line > 0) text += ":" + std::to_string(finding.line);
        text += ": " + finding.what + "\n";
    }
    return text;
}

}  // namespace darkroom::house
