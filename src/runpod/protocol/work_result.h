// What a Darkroom worker hands back: names, sizes and digests of files that are in the storage already, never
// bytes. It is the `output` of the remote job and part of the worker's own callback.
//
//   {"files":[{"role":"main","key":"restored/…"|"path":"/runpod-volume/…","content_type":"image/png",
//              "bytes":1,"sha256":"…","width":1,"height":1}],
//    "measures":{…},"warnings":[…],"execution_ms":1}
//   {"darkroom":"duplicate"}        another remote job of the same attempt came first
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod {

inline constexpr std::size_t work_result_bytes_max = 1u << 20;
inline constexpr std::size_t work_files_max = 64;

/// Exactly one of `key` and `path`; a claim of the worker, to be checked (output_path.h, then the storage).
struct WorkFile {
    std::string role;
    std::string key;
    std::string path;
    std::string content_type;
    std::uint64_t bytes = 0;
    std::string sha256;  // hex, lower case
    std::uint32_t width = 0;
    std::uint32_t height = 0;
};

struct WorkResult {
    bool duplicate = false;  // then nothing else
    std::vector<WorkFile> files;
    std::string measures_json = "{}";
    std::string warnings_json = "[]";
    Milliseconds execution{0};
};

std::string write_work_result(const WorkResult& result);
/// A success names at least one file of role main. Unknown members are ignored, wrong ones refused.
Result<WorkResult, ProtocolError> parse_work_result(std::string_view json);

}  // namespace darkroom::runpod
