// Rebuilds the JSON text of one value from the events of a parser, up to a limit. Part of json_members.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace darkroom::runpod {

class JsonCapture {
public:
    void start(std::size_t bytes_max) {
        active_ = true;
        too_large_ = false;
        comma_ = false;
        bytes_max_ = bytes_max;
        text_.clear();
        string_.clear();
    }
    bool active() const { return active_; }
    bool too_large() const { return too_large_; }
    std::string end() {
        active_ = false;
        return too_large_ ? std::string() : std::move(text_);
    }

    void open(char bracket) {
        separate();
        put(bracket);
        comma_ = false;
    }
    void close(char bracket) {
        put(bracket);
        comma_ = true;
    }
    void word(std::string_view text) {
        separate();
        put(text);
        comma_ = true;
    }
    /// Parts of a string, a name or a number come one after the other; its end writes it.
    void part(std::string_view text) {
        if (too_large_) return;
        if (text_.size() + string_.size() + text.size() > bytes_max_) return give_up();
        string_.append(text);
    }
    void end_string() {
        separate();
        put_string();
        comma_ = true;
    }
    void end_number() {
        separate();
        put(string_);
        string_.clear();
        comma_ = true;
    }
    void end_name() {
        separate();
        put_string();
        put(':');
        comma_ = false;
    }

private:
    void separate() {
        if (comma_) put(',');
    }
    void put(char c) { put(std::string_view(&c, 1)); }
    void put(std::string_view text) {
        if (too_large_) return;
        if (text_.size() + text.size() > bytes_max_) return give_up();
        text_.append(text);
    }
    void put_string() {
        if (too_large_) return;
        append_json_string(text_, string_);
        string_.clear();
        if (text_.size() > bytes_max_) give_up();
    }
    void give_up() {
        too_large_ = true;
        text_ = std::string();
        string_ = std::string();
    }

    bool active_ = false;
    bool too_large_ = false;
    bool comma_ = false;
    std::size_t bytes_max_ = 0;
    std::string text_;
    std::string string_;  // parts of the string or number that is being read
};

}  // namespace darkroom::runpod
