// Header lines of one part of a multipart body, and values with parameters (`form-data; name="a"`). Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/multipart.h"

namespace darkroom::core {

/// A value such as `form-data; name="file"; filename="a.jpg"`, taken apart. Names and the value are in lower
/// case.
struct ParameterizedValue {
    std::string value;
    std::vector<std::pair<std::string, std::string>> params;

    /// The value of the only parameter of this name; nullopt if there is none or several.
    std::optional<std::string> only(std::string_view name) const;
};

/// Fails on a broken quoted string or a parameter without a name. In quoted strings only \" and \\ are
/// escapes: browsers send the backslashes of Windows paths as they are.
std::optional<ParameterizedValue> parse_parameterized(std::string_view text);

/// `lines` are the header lines of one part, without the empty line.
Result<PartHead, MultipartError> parse_part_head(std::string_view lines);

}  // namespace darkroom::core
