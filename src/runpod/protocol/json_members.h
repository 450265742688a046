// Picks some members out of a JSON object that comes in pieces, as exact JSON text: numbers keep their
// digits. Everything else is checked and skipped as it passes, so that memory depends on what is kept and not
// on what comes. Other people's messages are read with it; what Darkroom itself writes is read with the
// strict base/json.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod {

struct WantedMember {
    std::string_view name;      // a literal
    std::size_t bytes_max = 0;  // of its JSON text
};

/// Nested deeper than 64 levels, a wanted name that comes twice, and anything after the value are errors.
class JsonMembers {
public:
    JsonMembers(const std::vector<WantedMember>& wanted, std::size_t body_bytes_max);
    ~JsonMembers();
    JsonMembers(JsonMembers&&) noexcept;
    JsonMembers& operator=(JsonMembers&&) noexcept;

    /// False once the text is known to be wrong.
    bool feed(std::string_view piece);
    Result<void, ProtocolError> finish();

    /// After finish(). Absent, null or too large: nullopt.
    std::optional<std::string> take_json(std::string_view name);
    /// The text of a string; nullopt also for another type.
    std::optional<std::string> take_text(std::string_view name);
    /// A whole number from 0 on; nullopt for anything else.
    std::optional<std::int64_t> take_count(std::string_view name);
    /// True if it came and was beyond its limit.
    bool too_large(std::string_view name) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The same for a text that is there as a whole.
Result<JsonMembers, ProtocolError> pick_json_members(std::string_view text,
                                                     const std::vector<WantedMember>& wanted,
                                                     std::size_t body_bytes_max);

/// The JSON texts of the elements of an array.
Result<std::vector<std::string>, ProtocolError> split_json_array(std::string_view text,
                                                                 std::size_t body_bytes_max,
                                                                 std::size_t elements_max);

/// '{', '[', '"' …: what the text begins with after white space; 0 if it is empty.
char first_json_character(std::string_view text);

}  // namespace darkroom::runpod
