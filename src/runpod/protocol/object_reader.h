// Reads the members of a JSON object that Darkroom itself defined: wrong types and sizes are refused with the
// member's name. The first complaint is kept, so that a reader can be written top to bottom without a branch
// for each member.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod {

class ObjectReader {
public:
    /// `where` leads the names in complaints, as in "inputs[0].". The object must outlive the reader.
    ObjectReader(const boost::json::object& object, std::string where)
        : object_(object), where_(std::move(where)) {}

    /// "" if absent or null.
    std::string text(std::string_view name, std::size_t bytes_max);
    /// The same, but it must be there and not be empty.
    std::string needed_text(std::string_view name, std::size_t bytes_max);
    /// 0 if absent or null.
    std::uint64_t count(std::string_view name,
                        std::uint64_t max = std::uint64_t{std::numeric_limits<std::int64_t>::max()});
    /// nullptr if absent or null.
    const boost::json::object* object(std::string_view name);
    const boost::json::array* array(std::string_view name, std::size_t elements_max);
    template <class Id>
    Id id(std::string_view name) {
        const auto parsed = Id::parse(needed_text(name, 36));
        if (!parsed) complain(name, "is no id");
        return parsed.value_or(Id());
    }

    void complain(std::string_view name, std::string_view what);
    bool ok() const { return wrong_.empty(); }
    ProtocolError error() const { return {wrong_}; }

private:
    const boost::json::value* find(std::string_view name) const;

    const boost::json::object& object_;
    std::string where_;
    std::string wrong_;
};

/// http:// or https:// and a host, in visible ASCII. Whether it may be connected to is decided elsewhere.
bool is_http_url(std::string_view text);
/// 64 lower-case hex digits.
bool is_sha256_hex(std::string_view text);
/// 1 to `bytes_max` of A-Z, a-z, 0-9 and `others`.
bool is_word(std::string_view text, std::string_view others, std::size_t bytes_max);

}  // namespace darkroom::runpod
