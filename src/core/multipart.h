// multipart/form-data (RFC 7578, on RFC 2046 §5.1), read piece by piece: a body of any size passes through
// one small buffer. Names, file names and types are labels from a stranger; what is done with them is the
// caller's business.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace darkroom::core {

struct MultipartLimits {
    int parts_max = 32;
    std::size_t head_bytes_max = 8'192;  // of one part
};

enum class MultipartError {
    malformed,       // not the format at all
    truncated,       // ends before the closing boundary
    too_many_parts,  // beyond MultipartLimits
    head_too_large,
    stopped  // the sink did not want more
};
std::string_view to_string(MultipartError error);  // a sentence for the client

struct PartHead {
    std::string name;
    std::optional<std::string> file_name;
    std::string content_type;  // empty if not given
};

/// Takes the parts in their order. Returning false ends the reading.
class PartSink {
public:
    virtual ~PartSink() = default;
    virtual bool begin_part(const PartHead& head) = 0;
    virtual bool part_data(std::string_view piece) = 0;
    virtual bool end_part() = 0;
};

/// Copies up to `size` bytes into `buffer`; 0 = the end.
using ReadBytes = std::function<std::size_t(char* buffer, std::size_t size)>;

/// The boundary of a Content-Type header; nullopt if it is not multipart/form-data with a valid one.
std::optional<std::string> multipart_boundary(std::string_view content_type);

Result<void, MultipartError> read_multipart(std::string_view boundary, const ReadBytes& read, PartSink& sink,
                                            const MultipartLimits& limits = {});

}  // namespace darkroom::core
