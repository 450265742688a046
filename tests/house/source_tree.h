// The repository as the house rules see it: every text file that belongs to Darkroom, read once. Skips what
// is built, fetched or produced by running (build/, demo-out/, .git/ …), so that it works in a checkout and
// in an unpacked archive alike.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace darkroom::house {

struct SourceFile {
    std::string path;  // relative to the repository's root, with slashes
    std::string text;
};

/// A broken rule, told so that the reader knows what to do.
struct Finding {
    std::string path;
    int line = 0;  // 0 = the whole file
    std::string what;
};

/// All text files below `root`, in the order of their paths.
std::vector<SourceFile> read_tree(const std::filesystem::path& root);

bool is_cpp(const SourceFile& file);  // .h or .cpp
bool is_test(
    // under tests/, or a _test.cpp, _fuzz.cpp, _bench.cpp or their _fixture.h beside its source
    const std::string& path);

/// One finding a line, as path:line: what; empty if there is none.
std::string describe(const std::vector<Finding>& findings);

}  // namespace darkroom::house
