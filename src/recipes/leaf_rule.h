// What one param without named parts may be: RapidJSON's validator (JSON Schema draft 4), prepared once, used
// by many threads. Two holes of RapidJSON 1.1 are closed here: it compares enums by a 64-bit hash for which a
// client can compute collisions, so enums are compared again by value; and its own regular expressions keep
// their state in the schema, so std::regex is used.
#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>

namespace darkroom::recipes {

class LeafRule {
public:
    /// A schema that does not say its type, or has a pattern without maxLength, is a bug: std::regex needs
    /// short strings.
    explicit LeafRule(const boost::json::object& schema);
    ~LeafRule();
    LeafRule(LeafRule&&) noexcept;
    LeafRule& operator=(LeafRule&&) = delete;

    struct Violation {
        std::string pointer;  // into the value: empty, or "/2" for an element
        std::string keyword;  // type, enum, minimum, maximum, pattern, minItems, …
    };
    /// The first thing that is wrong.
    std::optional<Violation> violated_by(const boost::json::value& value) const;

private:
    struct Prepared;
    std::unique_ptr<const Prepared> prepared_;
};

}  // namespace darkroom::recipes
