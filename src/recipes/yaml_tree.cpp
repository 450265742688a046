#include "recipes/yaml_tree.h"

#include <yaml.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/check.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

TextPlace place_of(const yaml_mark_t& mark) {
    const auto counted = [](std::size_t zero_based) {
        return static_cast<int>(std::min<std::size_t>(zero_based, std::numeric_limits<int>::max() - 1)) + 1;
    };
    return {counted(mark.line), counted(mark.column)};
}

struct Event {
    yaml_event_t raw{};
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&raw); }
    TextPlace place() const { return place_of(raw.start_mark); }
};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// -?(0|[1-9][0-9]*): 007 and +7 mean different things to different readers, so they are texts.
bool looks_whole(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return false;
    return text == "0" || text.front() != '0';
}

template <class Number>
std::optional<Number> number_from(std::string_view text) {
    Number number{};
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

bool looks_like_a_number(std::string_view text) {
    if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return false;
    if (text.find_first_of(".eE") == std::string_view::npos) return false;
    const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return false;
    const auto number = number_from<double>(text);
    return number && std::isfinite(*number);
}

YamlNode::Kind kind_of_plain(std::string_view text) {
    using Kind = YamlNode::Kind;
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Kind::null;
    if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return Kind::boolean;
    if (looks_whole(text) && (number_from<std::int64_t>(text) || number_from<std::uint64_t>(text)))
        return Kind::integer;
    return looks_like_a_number(text) ? Kind::number : Kind::string;
}

class Reader {
public:
    explicit Reader(std::string_view text) {
        DR_CHECK(yaml_parser_initialize(&parser_) == 1);
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    ~Reader() { yaml_parser_delete(&parser_); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    Result<YamlNode, YamlProblem> document() {
        YamlNode root;
        if (read_document(root)) return root;
        return Fail(std::move(problem_));
    }

private:
    bool read_document(YamlNode& root) {
        Event begin, first, value, end, last;
        if (!next(begin) || !next(first)) return false;
        if (first.raw.type == YAML_STREAM_END_EVENT) return refuse({1, 1}, "the file is empty");
        if (!next(value) || !read(value, root, 0) || !next(end) || !next(last)) return false;
        if (last.raw.type != YAML_STREAM_END_EVENT)
            return refuse(last.place(), "a second document begins; one file holds one");
        return true;
    }

    bool next(Event& event) {
        if (yaml_parser_parse(&parser_, &event.raw) == 1) return true;
        const bool of_bytes = parser_.error == YAML_READER_ERROR;  // then there is an offset, but no mark
        const std::string detail = parser_.problem != nullptr ? parser_.problem : "it cannot be read";
        return refuse(
            of_bytes ? TextPlace{} : place_of(parser_.problem_mark),
            of_bytes ? "at byte " + std::to_string(parser_.problem_offset) + ": " + detail : detail);
    }

    bool refuse(TextPlace place, std::string detail) {
        problem_ = {place, std::move(detail)};
        return false;
    }

    // Recursion is bounded by yaml_depth_max.
    bool read(const Event& event, YamlNode& node, int depth) {
        node.place = event.place();
        if (++values_ > yaml_values_max) return refuse(node.place, "more values than a recipe can need");
        if (depth > yaml_depth_max) return refuse(node.place, "nested too deeply");
        switch (event.raw.type) {
            case YAML_SCALAR_EVENT:
                return read_scalar(event, node);
            case YAML_SEQUENCE_START_EVENT:
                return plain(event, event.raw.data.sequence_start.anchor,
                             event.raw.data.sequence_start.tag) &&
                       read_items(node, depth);
            case YAML_MAPPING_START_EVENT:
                return plain(event, event.raw.data.mapping_start.anchor, event.raw.data.mapping_start.tag) &&
                       read_members(node, depth);
            case YAML_ALIAS_EVENT:
                return refuse(node.place, "aliases (*name) are not taken: write it out");
            default:
                return refuse(node.place, "a value is missing");
        }
    }

    bool plain(const Event& event, const yaml_char_t* anchor, const yaml_char_t* tag) {
        if (anchor != nullptr) return refuse(event.place(), "anchors (&name) are not taken: write it out");
        if (tag != nullptr) return refuse(event.place(), "tags (!name) are not taken");
        return true;
    }

    bool read_scalar(const Event& event, YamlNode& node) {
        const auto& scalar = event.raw.data.scalar;
        if (!plain(event, scalar.anchor, scalar.tag)) return false;
        node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
        node.kind =
            scalar.style == YAML_PLAIN_SCALAR_STYLE ? kind_of_plain(node.text) : YamlNode::Kind::string;
        if (node.text.find('\0') != std::string::npos) return refuse(node.place, "a text holds a NUL");
        return true;
    }

    bool read_items(YamlNode& node, int depth) {
        node.kind = YamlNode::Kind::sequence;
        for (;;) {
            Event event;
            if (!next(event)) return false;
            if (event.raw.type == YAML_SEQUENCE_END_EVENT) return true;
            if (!read(event, node.items.emplace_back(), depth + 1)) return false;
        }
    }

    bool read_members(YamlNode& node, int depth) {
        node.kind = YamlNode::Kind::mapping;
        for (;;) {
            Event event;
            if (!next(event)) return false;
            if (event.raw.type == YAML_MAPPING_END_EVENT) return true;
            if (event.raw.type != YAML_SCALAR_EVENT)
                return refuse(event.place(), event.raw.type == YAML_ALIAS_EVENT
                                                 ? "aliases (*name) are not taken: write it out"
                                                 : "a name was expected");
            YamlNode name;
            if (!read(event, name, depth)) return false;
            if (const auto* before = node.find(name.text))
                return refuse(name.place, quoted(name.text) + " stands here twice, first in line " +
                                              std::to_string(before->place.line));
            auto& member = node.members.emplace_back(YamlMember{std::move(name.text), name.place, {}});
            Event value;
            if (!next(value) || !read(value, member.value, depth + 1)) return false;
        }
    }

    yaml_parser_t parser_{};
    std::size_t values_ = 0;
    YamlProblem problem_;
};

json::value scalar_to_json(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::boolean:
            return node.text.front() == 't' || node.text.front() == 'T';
        case YamlNode::Kind::integer:
            if (const auto number = number_from<std::int64_t>(node.text)) return *number;
            return *number_from<std::uint64_t>(node.text);
        case YamlNode::Kind::number:
            return *number_from<double>(node.text);
        case YamlNode::Kind::string:
            return json::string(node.text);
        default:
            return nullptr;
    }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
    const auto at = std::find_if(members.begin(), members.end(),
                                 [&](const YamlMember& member) { return member.name == name; });
    return at != members.end() ? &at->value : nullptr;
}

Result<YamlNode, YamlProblem> read_yaml(std::string_view text) {
    if (text.size() > yaml_bytes_max)
        return Fail(YamlProblem{{}, "larger than " + std::to_string(yaml_bytes_max / 1024) + " KiB"});
    return Reader(text).document();
}

json::value to_json(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::sequence) {
        json::array items;
        for (const auto& item : node.items) items.push_back(to_json(item));
        return items;
    }
    if (node.kind == YamlNode::Kind::mapping) {
        json::object members;
        for (const auto& member : node.members) members.emplace(member.name, to_json(member.value));
        return members;
    }
    return scalar_to_json(node);
}

std::string_view kind_in_words(YamlNode::Kind kind) {
    switch (kind) {
        case YamlNode::Kind::null:
            return "nothing";
        case YamlNode::Kind::boolean:
            return "true or false";
        case YamlNode::Kind::integer:
            return "a whole number";
        case YamlNode::Kind::number:
            return "a number";
        case YamlNode::Kind::string:
            return "a text";
        case YamlNode::Kind::sequence:
            return "a list";
        case YamlNode::Kind::mapping:
            return "a mapping";
    }
    return "something else";
}

}  // namespace darkroom::recipes
