// Where a worker says its output lies. Only what is certainly below the attempt's own prefix is believed: one
// known root, one decode of %XX, then the bytes are compared as they are and never changed again. Whoever
// opens a file by such a path must still open it beneath its root without following links.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace darkroom::runpod {

constexpr std::size_t path_bytes_max = 1024;

enum class OutputPathError {
    too_long,        // more than path_bytes_max
    unknown_root,    // a path that is neither on /workspace nor on /runpod-volume
    bad_encoding,    // a % without two hex digits, or one that is still there after decoding
    bad_character,   // NUL, other control characters, backslash, not UTF-8
    bad_part,        // an empty part, . or ..
    outside_prefix,  // not below the attempt's prefix, or the prefix itself
};

std::string_view describe(OutputPathError error);

/// The object key of a file on the network volume: the part after /workspace/ or /runpod-volume/.
/// `prefix` is the attempt's, without a slash at the end.
Result<std::string, OutputPathError> key_of_path(std::string_view path, std::string_view prefix);
/// The same checks for what is said to be a key already.
Result<std::string, OutputPathError> check_reported_key(std::string_view key, std::string_view prefix);

/// Where a worker finds the key on the volume.
std::string volume_path(std::string_view key);

}  // namespace darkroom::runpod
