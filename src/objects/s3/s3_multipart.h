// One upload in parts: begun, filled, completed; or aborted with this object, so that no part is left to be
// paid for. An object of the name appears only when it is completed. One thread at a time, but for send().
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "objects/s3/s3_client.h"

namespace darkroom::objects {

constexpr std::uint64_t parts_max = 10'000;  // S3's limit

class S3Multipart {
public:
    static Result<S3Multipart, S3Fault> begin(S3Client& client, const std::string& key,
                                              const std::string& content_type);
    S3Multipart(S3Multipart&& other) noexcept
        : client_(other.client_),
          key_(std::move(other.key_)),
          id_(std::exchange(other.id_, {})),
          begun_at_(other.begun_at_),
          etags_(std::move(other.etags_)),
          bytes_(other.bytes_) {}
    S3Multipart& operator=(S3Multipart&&) = delete;
    /// Aborts what was not completed. What cannot be aborted now is found by remove_unfinished later.
    ~S3Multipart();

    /// Moves `bytes` out and back.
    Result<void, S3Fault> add(std::string& bytes);
    /// Part `number`, from 1, out of a file; its ETag. Any thread, several at once.
    Result<std::string, S3Fault> send(std::size_t number, const ports::FileSlice& slice,
                                      const std::string& slice_sha256) const;
    /// That these are all parts, in order, of so many bytes together.
    void consists_of(std::vector<std::string> etags, std::uint64_t bytes);
    std::size_t parts() const { return etags_.size(); }

    /// The ETag of the whole; empty where the server told none. Where the answer is lost, late or says that
    /// the upload is gone, the object itself decides: a completed upload is gone, too.
    Result<std::string, S3Fault> complete();

private:
    S3Multipart(S3Client& client, std::string key, std::string id, std::optional<TimePoint> begun_at)
        : client_(client), key_(std::move(key)), id_(std::move(id)), begun_at_(begun_at) {}

    void abort();
    Result<std::string, S3Fault> send_part(std::size_t number, S3Request& request) const;
    std::optional<std::string> etag_if_completed();

    S3Client& client_;
    std::string key_;
    std::string id_;                     // empty: over, nothing to abort
    std::optional<TimePoint> begun_at_;  // by the server's clock
    std::vector<std::string> etags_;
    std::uint64_t bytes_ = 0;
};

}  // namespace darkroom::objects
