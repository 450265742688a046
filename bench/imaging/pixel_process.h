// The real pixel process on files, as the gateway uses it: what is promised of files, time and memory is
// measured through it.
#pragma once
#include <sys/types.h>

#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <string>

#include "base/result.h"
#include "imaging/pool/process_pool.h"

namespace darkroom::bench {

struct PixelDone {
    std::filesystem::path main, mask;  // removed with the PixelProcess; mask may be empty
    std::string content_type;
    boost::json::object measures;
    imaging::PictureTiming timing;
    double wall_ms = 0;  // of all: decode, work, encode, and the way there and back
};

class PixelProcess {
public:
    struct Options {
        std::filesystem::path program;
        std::filesystem::path folder;  // made, and removed at the end
        int threads = 1;
        int processes = 1;
    };

    explicit PixelProcess(Options options);
    ~PixelProcess();

    /// `input` is a whole file: JPEG or PNG. From many threads at once. The error is the job's.
    Result<PixelDone, core::JobError> run(const std::string& operation, const boost::json::object& params,
                                          const std::string& input);

    /// Of all processes that are alive: the most memory they ever held, in MiB, and their processor time.
    double peak_mib() const;
    double cpu_ms() const;

private:
    Options options_;
    std::unique_ptr<imaging::ProcessPool> pool_;
};

/// The bytes of a picture as JPEG or PNG, by the ending.
std::string file_bytes(const cv::Mat& picture, const std::string& ending,
                       const std::filesystem::path& folder);

}  // namespace darkroom::bench
