// Finds what g++ 12.2 miscompiles: a brace, ?: or lambda in the same statement as co_await. Statements are
// told from blocks by how clang-format sets braces: a block's brace follows a blank, an initializer's follows
// its type, a comma, = or return.
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include "tests/house/cpp_text.h"
#include "tests/house/text_rules.h"

namespace darkroom::house {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::size_t last_solid_before(std::string_view code, std::size_t at) {
    while (at > 0) {
        if (!is_blank(code[--at])) return at;
    }
    return npos;
}

bool ends_with_word(std::string_view code, std::string_view word) {
    if (!code.ends_with(word)) return false;
    if (code.size() == word.size()) return true;
    const char before = code[code.size() - word.size() - 1];
    return std::isalnum(static_cast<unsigned char>(before)) == 0 && before != '_';
}

std::size_t matching_open(std::string_view code, std::size_t close) {
    int depth = 0;
    for (auto at = close + 1; at-- > 0;) {
        if (code[at] == ')' || code[at] == ']' || code[at] == '}') ++depth;
        if (code[at] == '(' || code[at] == '[' || code[at] == '{') --depth;
        if (depth == 0) return at;
    }
    return npos;
}

/// From the last character of "(...) -> Type" to the parenthesis; elsewhere, no move.
std::size_t skip_trailing_type(std::string_view code, std::size_t at) {
    const auto arrow = code.substr(0, at).rfind("->");
    if (arrow == npos) return at;
    const auto type = code.substr(arrow + 2, at - arrow - 1);
    if (type.find_first_of("(){}[];=") != npos) return at;
    const auto before = last_solid_before(code, arrow);
    return before != npos && code[before] == ')' ? before : at;
}

/// Is the brace that opens at `at` part of an expression: an initializer, or the body of a lambda?
bool is_expression_brace(std::string_view code, std::size_t at) {
    const auto before = last_solid_before(code, at);
    if (before == npos) return false;
    const char c = code[before];
    if (c == ',' || c == '=' || c == '(' || c == '[' || c == ']') return true;
    const auto parameters = skip_trailing_type(code, before);
    if (code[parameters] == ')') {  // a lambda's body follows its parameters, which follow its captures
        const auto open = matching_open(code, parameters);
        const auto introducer = open == npos ? npos : last_solid_before(code, open);
        return introducer != npos && code[introducer] == ']';
    }
    const auto head = code.substr(0, before + 1);
    for (const auto word : {"return", "co_return", "co_yield", "mutable"}) {
        if (ends_with_word(head, word)) return true;
    }
    return before + 1 == at && c != ';' && c != '}';  // Type{...}
}

/// Where the statement around `at` begins, or the expression brace that is met on the way.
struct Start {
    std::size_t at = 0;
    bool in_brace = false;
};

Start start_of_statement(std::string_view code, std::size_t at) {
    while (at-- > 0) {
        const char c = code[at];
        if (c == ';') return {at + 1, false};
        if (c == '{') return {at + 1, is_expression_brace(code, at)};
        if (c == ')' || c == ']' || c == '}') {
            const auto open = matching_open(code, at);
            if (open == npos) return {0, false};
            if (c == '}' && !is_expression_brace(code, open)) return {at + 1, false};
            at = open;
        }
    }
    return {0, false};
}

/// The end of the statement: its semicolon, or the block that an if, while or for opens.
std::size_t end_of_statement(std::string_view code, std::size_t from) {
    int depth = 0;
    for (auto at = from; at < code.size(); ++at) {
        const char c = code[at];
        if (c == '(' || c == '[') ++depth;
        if (c == ')' || c == ']') --depth;
        if (c == '}') return at;
        if (c == '{') {
            if (!is_expression_brace(code, at)) return at;
            return at + 1;  // enough to see the brace
        }
        if (c == ';' && depth <= 0) return at;
    }
    return code.size();
}

bool has_lambda(std::string_view statement) {
    for (auto at = statement.find('['); at != npos; at = statement.find('[', at + 1)) {
        const auto before = last_solid_before(statement, at);
        const char c = before == npos ? '(' : statement[before];
        const bool subscripts =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ')' || c == ']';
        const bool attribute = at + 1 < statement.size() && (statement[at + 1] == '[' || c == '[');
        if (!subscripts && !attribute) return true;
    }
    return false;
}

std::optional<std::string> what_is_wrong(std::string_view code, std::size_t at) {
    const auto start = start_of_statement(code, at);
    if (start.in_brace) return "inside braces of an expression";
    const auto statement = code.substr(start.at, end_of_statement(code, start.at) - start.at);
    if (has_lambda(statement)) return "with a lambda in the same statement";
    if (statement.find_first_of("{}") != npos) return "with braces in the same statement";
    if (statement.find('?') != npos) return "with ?: in the same statement";
    return std::nullopt;
}

}  // namespace

std::vector<Finding> check_waits(const SourceFile& file) {
    std::vector<Finding> findings;
    const auto code = split_cpp(file.text).code;
    for (auto at = find_name(code, "co_await"); at != npos; at = find_name(code, "co_await", at + 1)) {
        if (const auto wrong = what_is_wrong(code, at)) {
            findings.push_back({file.path, line_at(code, at),
                                "co_await " + *wrong +
                                    ": g++ 12.2 destroys such temporaries twice; name it first, then wait"});
        }
    }
    return findings;
}

}  // namespace darkroom::house
