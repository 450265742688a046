#include "runpod/protocol/json_members.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <limits>

#include "base/json.h"
#include "runpod/protocol/json_capture.h"

namespace darkroom::runpod {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 64;
constexpr std::size_t no_member = static_cast<std::size_t>(-1);

struct Kept {
    WantedMember wanted;
    bool seen = false;
    bool too_large = false;
    std::string json;
};

// Looks at the top level only: the members of an object, or the elements of an array.
class TopLevelHandler {
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = 64u << 10;
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    bool array_wanted = false;
    std::size_t elements_max = 0;
    std::size_t element_bytes_max = 0;
    std::vector<Kept> members;
    std::vector<std::string> elements;
    const char* complaint = nullptr;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code& error) { return open('{', error); }
    bool on_object_end(std::size_t, json::error_code& error) { return close('}', error); }
    bool on_array_begin(json::error_code& error) { return open('[', error); }
    bool on_array_end(std::size_t, json::error_code& error) { return close(']', error); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (capture_.active()) {
            capture_.part({part.data(), part.size()});
        } else if (depth_ == 1) {
            name_.append(part.data(), part.size());
        }
        return true;
    }
    bool on_key(json::string_view part, std::size_t size, json::error_code& error) {
        on_key_part(part, size, error);
        if (capture_.active()) {
            capture_.end_name();
            return true;
        }
        return depth_ != 1 || choose_member(error);
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code& error) {
        if (!in_scalar_ && !begin_value(error)) return false;
        in_scalar_ = true;
        if (capture_.active()) capture_.part({part.data(), part.size()});
        return true;
    }
    bool on_string(json::string_view part, std::size_t size, json::error_code& error) {
        if (!on_string_part(part, size, error)) return false;
        if (capture_.active()) capture_.end_string();
        return end_scalar(error);
    }
    bool on_number_part(json::string_view part, json::error_code& error) {
        return on_string_part(part, part.size(), error);
    }
    bool on_int64(std::int64_t, json::string_view part, json::error_code& error) {
        return end_number(part, error);
    }
    bool on_uint64(std::uint64_t, json::string_view part, json::error_code& error) {
        return end_number(part, error);
    }
    bool on_double(double number, json::string_view part, json::error_code& error) {
        if (!(number - number == 0)) return refuse("a number is too large", error);
        return end_number(part, error);
    }
    bool on_bool(bool truth, json::error_code& error) { return word(truth ? "true" : "false", error); }
    bool on_null(json::error_code& error) { return word("null", error); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    bool refuse(const char* why, json::error_code& error) {
        complaint = why;
        error = json::error::syntax;
        return false;
    }

    bool choose_member(json::error_code& error) {
        const auto found = std::find_if(members.begin(), members.end(),
                                        [&](const Kept& kept) { return kept.wanted.name == name_; });
        name_.clear();
        current_ = no_member;
        if (found == members.end()) return true;
        if (found->seen) return refuse("a name occurs twice", error);
        found->seen = true;
        current_ = static_cast<std::size_t>(found - members.begin());
        return true;
    }

    // A value starts. At the top it must be what was expected; one level below it may be one to keep.
    bool begin_value(json::error_code& error) {
        if (depth_ == 0) return refuse("it is neither an object nor an array", error);
        if (depth_ != 1) return true;
        if (array_wanted) {
            if (elements.size() >= elements_max) return refuse("the array is too long", error);
            capture_.start(element_bytes_max);
        } else if (current_ != no_member) {
            capture_.start(members[current_].wanted.bytes_max);
        }
        return true;
    }

    bool end_value(json::error_code& error) {
        if (depth_ != 1 || !capture_.active()) return true;
        const bool too_large = capture_.too_large();
        auto text = capture_.end();
        if (array_wanted) {
            if (too_large) return refuse("an element is too large", error);
            elements.push_back(std::move(text));
            return true;
        }
        members[current_].too_large = too_large;
        members[current_].json = std::move(text);
        current_ = no_member;
        return true;
    }

    bool open(char bracket, json::error_code& error) {
        if (depth_ == 0) {
            if ((bracket == '[') != array_wanted)
                return refuse(array_wanted ? "it is no array" : "it is no object", error);
        } else {
            if (!begin_value(error)) return false;
            if (capture_.active()) capture_.open(bracket);
        }
        ++depth_;
        return true;
    }
    bool close(char bracket, json::error_code& error) {
        --depth_;
        if (capture_.active()) capture_.close(bracket);
        return end_value(error);
    }
    bool end_number(json::string_view part, json::error_code& error) {
        if (!on_string_part(part, part.size(), error)) return false;
        if (capture_.active()) capture_.end_number();
        return end_scalar(error);
    }
    bool word(std::string_view text, json::error_code& error) {
        if (!begin_value(error)) return false;
        if (capture_.active()) capture_.word(text);
        return end_scalar(error);
    }
    bool end_scalar(json::error_code& error) {
        in_scalar_ = false;
        return end_value(error);
    }

    std::size_t depth_ = 0;
    std::size_t current_ = no_member;  // of the object's member whose value comes next
    bool in_scalar_ = false;           // parts of a string or number have come
    std::string name_;
    JsonCapture capture_;
};

// Feeds pieces to a parser and remembers the first thing that is wrong.
class Feeder {
public:
    explicit Feeder(std::size_t bytes_max) : parser_(options()), bytes_max_(bytes_max) {}

    TopLevelHandler& handler() { return parser_.handler(); }

    bool feed(std::string_view piece) {
        if (!wrong_.empty()) return false;
        if (piece.size() > bytes_max_ - bytes_) return fail("it is too large");
        if (!piece.empty()) write(true, piece);
        bytes_ += piece.size();
        return wrong_.empty();
    }
    Result<void, ProtocolError> finish() {
        if (wrong_.empty() && bytes_ == 0) fail("it is empty");
        if (wrong_.empty()) write(false, {});
        if (!wrong_.empty()) return Fail(ProtocolError{wrong_});
        return {};
    }

private:
    static json::parse_options options() {
        json::parse_options options;
        options.max_depth = depth_max;
        return options;
    }
    void write(bool more, std::string_view piece) {
        json::error_code error;
        const auto read = parser_.write_some(more, piece.data(), piece.size(), error);
        if (!error && read < piece.size()) error = json::error::extra_data;
        if (!error) return;
        const char* complaint = parser_.handler().complaint;
        fail((complaint != nullptr ? std::string(complaint) : error.message()) + " (near byte " +
             std::to_string(bytes_ + read) + ")");
    }
    bool fail(std::string why) {
        wrong_ = std::move(why);
        return false;
    }

    json::basic_parser<TopLevelHandler> parser_;
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::string wrong_;
};

}  // namespace

struct JsonMembers::State {
    explicit State(std::size_t bytes_max) : feeder(bytes_max) {}
    Feeder feeder;

    Kept& kept(std::string_view name) {
        auto& members = feeder.handler().members;
        const auto found = std::find_if(members.begin(), members.end(),
                                        [&](const Kept& one) { return one.wanted.name == name; });
        DR_CHECK(found != members.end());
        return *found;
    }
};

JsonMembers::JsonMembers(const std::vector<WantedMember>& wanted, std::size_t body_bytes_max)
    : state_(std::make_unique<State>(body_bytes_max)) {
    for (const auto& one : wanted) state_->feeder.handler().members.push_back({one, false, false, {}});
}
JsonMembers::~JsonMembers() = default;
JsonMembers::JsonMembers(JsonMembers&&) noexcept = default;
JsonMembers& JsonMembers::operator=(JsonMembers&&) noexcept = default;

bool JsonMembers::feed(std::string_view piece) { return state_->feeder.feed(piece); }
Result<void, ProtocolError> JsonMembers::finish() { return state_->feeder.finish(); }

std::optional<std::string> JsonMembers::take_json(std::string_view name) {
    auto& kept = state_->kept(name);
    if (!kept.seen || kept.too_large || kept.json == "null") return std::nullopt;
    return std::move(kept.json);
}

std::optional<std::string> JsonMembers::take_text(std::string_view name) {
    const auto& kept = state_->kept(name);
    if (kept.json.empty() || kept.json.front() != '"') return std::nullopt;
    const auto value = parse_json(kept.json, kept.json.size());
    if (!value) return std::nullopt;  // it holds a NUL
    return std::string(value->as_string());
}

std::optional<std::int64_t> JsonMembers::take_count(std::string_view name) {
    const auto& kept = state_->kept(name);
    if (kept.json.empty()) return std::nullopt;
    const auto value = parse_json(kept.json, kept.json.size());
    if (!value || !value->is_number()) return std::nullopt;
    // JavaScript and Go write whole numbers as 5, Python may write 5.0.
    json::error_code error;
    const auto count = value->to_number<std::int64_t>(error);
    if (error || count < 0) return std::nullopt;
    return count;
}

bool JsonMembers::too_large(std::string_view name) const { return state_->kept(name).too_large; }

Result<JsonMembers, ProtocolError> pick_json_members(std::string_view text,
                                                     const std::vector<WantedMember>& wanted,
                                                     std::size_t body_bytes_max) {
    JsonMembers members(wanted, body_bytes_max);
    members.feed(text);
    if (auto done = members.finish(); !done) return Fail(std::move(done).error());
    return members;
}

Result<std::vector<std::string>, ProtocolError> split_json_array(std::string_view text,
                                                                 std::size_t body_bytes_max,
                                                                 std::size_t elements_max) {
    Feeder feeder(body_bytes_max);
    feeder.handler().array_wanted = true;
    feeder.handler().elements_max = elements_max;
    feeder.handler().element_bytes_max = body_bytes_max;
    feeder.feed(text);
    if (auto done = feeder.finish(); !done) return Fail(std::move(done).error());
    return std::move(feeder.handler().elements);
}

char first_json_character(std::string_view text) {
    const auto at = text.find_first_not_of(" \t\r\n");
    return at == std::string_view::npos ? '\0' : text[at];
}

}  // namespace darkroom::runpod
