// One event, one line: JSON for machines, plain text on a terminal. Any thread. Control bytes are escaped,
// and nothing secret may be handed in: keys, signed URLs and picture bytes never are fields.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace darkroom::log {

enum class Level { debug, info, warning, error, off };
enum class Format { text, json };

/// Called once at start; before it, everything from `info` up goes to standard error as text.
void configure(Level level, Format format);

/// A named value of an event.
struct Field {
    Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
    Field(std::string_view field_name, const std::string& text)
        : name(field_name), value(std::string_view(text)) {}
    Field(std::string_view field_name, const char* text) : name(field_name), value(std::string_view(text)) {}
    Field(std::string_view field_name, std::int64_t number) : name(field_name), value(number) {}
    Field(std::string_view field_name, int number) : Field(field_name, std::int64_t{number}) {}
    Field(std::string_view field_name, std::uint64_t number)
        : Field(field_name, static_cast<std::int64_t>(number)) {}

    std::string_view name;
    std::variant<std::string_view, std::int64_t> value;
};
using Fields = std::initializer_list<Field>;

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warning(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

}  // namespace darkroom::log
