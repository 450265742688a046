// An object of a bucket that is being read. A cut connection is taken up again where it was, by Range and
// under If-Match, so that never two versions are mixed and never a part passes for the whole.
#pragma once
#include <memory>
#include <string>

#include "objects/s3/s3_client.h"

namespace darkroom::objects {

class S3Reader : public ports::ObjectReader {
public:
    /// Opens `key` from options.offset on; the length is not 0. `client` outlives the reader.
    static Result<std::unique_ptr<S3Reader>, S3Fault> open(S3Client& client, const std::string& key,
                                                           const ports::OpenOptions& options);
    /// Of an object of so many bytes, of which none are to be read.
    static std::unique_ptr<S3Reader> at_end(S3Client& client, const std::string& key, std::uint64_t whole);

    std::uint64_t bytes() const override { return whole_; }
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override;
    int fd() const override { return -1; }

private:
    struct Opened;

    S3Reader(S3Client& client, std::string key) : client_(client), key_(std::move(key)) {}

    Result<Opened, S3Fault> request(std::uint64_t from, std::optional<std::uint64_t> to);
    ports::ObjectResult<void> resume();
    ports::ObjectError failed(const S3Fault& fault) const;
    ports::ObjectError too_short(const std::string& why) const;

    S3Client& client_;
    std::string key_;
    std::string version_;
    std::unique_ptr<ports::OpenAnswer> stream_;
    std::uint64_t whole_ = 0;
    std::uint64_t at_ = 0;   // of the object
    std::uint64_t end_ = 0;  // of what is to be read
    int resumed_ = 0;        // since the last piece of some size
    std::uint64_t resumed_at_ = 0;
};

}  // namespace darkroom::objects
