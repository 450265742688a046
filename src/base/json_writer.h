// Writes JSON text front to back into one string. Answers are built with it because most of them carry JSON
// that is stored as text already (params, metadata) and would otherwise be parsed only to be written again.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace darkroom {

class JsonWriter {
public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }

    JsonWriter& key(std::string_view name) {
        separate();
        append_json_string(text_, name);
        text_.push_back(':');
        first_ = true;
        return *this;
    }
    JsonWriter& value(std::string_view text) {
        separate();
        append_json_string(text_, text);
        return *this;
    }
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
    template <std::integral T>
    requires(!std::same_as<T, bool>) JsonWriter& value(T number) { return raw(std::to_string(number)); }
    JsonWriter& value(TimePoint time) { return value(format_rfc3339(time)); }
    JsonWriter& value(Milliseconds duration) { return value(static_cast<std::int64_t>(duration.count())); }
    template <class T>
    JsonWriter& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : null();
    }
    JsonWriter& null() { return raw("null"); }
    /// `json` must be valid JSON text.
    JsonWriter& raw(std::string_view json) {
        separate();
        text_.append(json);
        return *this;
    }

    template <class T>
    JsonWriter& member(std::string_view name, const T& one) {
        return key(name).value(one);
    }
    JsonWriter& raw_member(std::string_view name, std::string_view json) { return key(name).raw(json); }
    JsonWriter& null_member(std::string_view name) { return key(name).null(); }

    std::string take() { return std::move(text_); }

private:
    JsonWriter& open(char bracket) {
        separate();
        text_.push_back(bracket);
        first_ = true;
        return *this;
    }
    JsonWriter& close(char bracket) {
        text_.push_back(bracket);
        first_ = false;
        return *this;
    }
    void separate() {
        if (!first_) text_.push_back(',');
        first_ = false;
    }

    std::string text_;
    bool first_ = true;
};

}  // namespace darkroom
