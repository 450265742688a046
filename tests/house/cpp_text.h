// Tells code from comments and literals in a C++ file, so that a rule about one is not set off by the others.
// A lexer for well-formed files only; it knows raw strings, digit separators and line continuations, not
// trigraphs.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace darkroom::house {

/// Both views are as long as the file and keep its line breaks; what does not belong is blank.
struct CppText {
    std::string code;      // without comments and without what stands between quotes
    std::string comments;  // without everything else
};

CppText split_cpp(std::string_view text);

std::vector<std::string_view> lines_of(std::string_view text);
int line_at(std::string_view text, std::size_t offset);  // counted from 1

/// Where `needle` stands in `code` from `offset` on, not as a part of a longer name; npos if nowhere.
std::size_t find_name(std::string_view code, std::string_view needle, std::size_t offset = 0);

struct Include {
    std::string target;  // between the quotes or angles
    int line = 0;
};

std::vector<Include> includes_of(std::string_view text, std::string_view code);

}  // namespace darkroom::house
