#include "tests/house/cpp_text.h"

#include <algorithm>
#include <cctype>

namespace darkroom::house {
namespace {

bool is_name_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Splitter {
public:
    explicit Splitter(std::string_view text) : text_(text) {
        split_.code.assign(text.size(), ' ');
        split_.comments.assign(text.size(), ' ');
    }

    CppText run() {
        while (at_ < text_.size()) {
            if (starts_with("//")) {
                take_until(line_end(), &CppText::comments);
            } else if (starts_with("/*")) {
                take_until(after("*/", at_ + 2), &CppText::comments);
            } else if (starts_with("R\"") && (at_ == 0 || !is_name_char(text_[at_ - 1]))) {
                take_raw_string();
            } else if (text_[at_] == '"' || (text_[at_] == '\'' && !is_digit_separator())) {
                take_literal(text_[at_]);
            } else {
                take_until(at_ + 1, &CppText::code);
            }
        }
        return std::move(split_);
    }

private:
    bool starts_with(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }
    bool is_digit_separator() const { return at_ > 0 && is_name_char(text_[at_ - 1]); }

    std::size_t after(std::string_view end, std::size_t from) const {
        const auto found = text_.find(end, from);
        return found == std::string_view::npos ? text_.size() : found + end.size();
    }

    std::size_t line_end() const {
        auto end = std::min(text_.find('\n', at_), text_.size());
        while (end < text_.size() && text_[end - 1] == '\\')
            end = std::min(text_.find('\n', end + 1), text_.size());
        return end;
    }

    /// Moves on to `end` and gives what is passed to one of the views (nullptr: to none).
    void take_until(std::size_t end, std::string CppText::*view) {
        for (; at_ < end; ++at_) {
            if (text_[at_] == '\n') {
                split_.code[at_] = split_.comments[at_] = '\n';
            } else if (view != nullptr) {
                (split_.*view)[at_] = text_[at_];
            }
        }
    }

    void take_raw_string() {
        take_until(at_ + 2, &CppText::code);
        const auto open = text_.find('(', at_);
        if (open == std::string_view::npos) return;
        const auto close = ")" + std::string(text_.substr(at_, open - at_)) + "\"";
        const auto end = after(close, open);
        take_until(end - 1, nullptr);
        take_until(end, &CppText::code);
    }

    void take_literal(char quote) {
        take_until(at_ + 1, &CppText::code);
        auto end = at_;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
            end += text_[end] == '\\' ? 2 : 1;
        end = std::min(end, text_.size());
        take_until(end, nullptr);
        take_until(std::min(end + 1, text_.size()), &CppText::code);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    CppText split_;
};

}  // namespace

CppText split_cpp(std::string_view text) { return Splitter(text).run(); }

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

int line_at(std::string_view text, std::size_t offset) {
    return 1 + static_cast<int>(
                   std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

std::size_t find_name(std::string_view code, std::string_view needle, std::size_t offset) {
    for (auto at = code.find(needle, offset); at != std::string_view::npos; at = code.find(needle, at + 1)) {
        const auto end = at + needle.size();
        const bool starts = at == 0 || !is_name_char(needle.front()) || !is_name_char(code[at - 1]);
        const bool ends = end >= code.size() || !is_name_char(needle.back()) || !is_name_char(code[end]);
        if (starts && ends) return at;
    }
    return std::string_view::npos;
}

std::vector<Include> includes_of(std::string_view text, std::string_view code) {
    std::vector<Include> includes;
    const auto text_lines = lines_of(text);
    const auto code_lines = lines_of(code);
    for (std::size_t i = 0; i < code_lines.size(); ++i) {
        const auto hash = code_lines[i].find_first_not_of(' ');
        if (hash == std::string_view::npos || code_lines[i][hash] != '#') continue;
        if (find_name(code_lines[i], "include") == std::string_view::npos) continue;
        const auto open = text_lines[i].find_first_of("<\"");
        if (open == std::string_view::npos) continue;
        const auto close = text_lines[i].find_first_of(">\"", open + 1);
        if (close == std::string_view::npos) continue;
        includes.push_back(
            {std::string(text_lines[i].substr(open + 1, close - open - 1)), static_cast<int>(i) + 1});
    }
    return includes;
}

}  // namespace darkroom::house
