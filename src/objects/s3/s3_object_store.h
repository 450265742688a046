// The ObjectStore in a bucket: AWS, Wasabi, Supabase, MinIO, Swift … or a RunPod network volume, by settings
// alone. Objects are named by their keys and appear whole or not at all, as S3 promises; each put is looked
// at afterwards, because some servers say "stored" and have not. A put holds one part in memory, a read
// nothing. Versions are ETags as the server writes them.
//
// What is tried again, and what a failure tells the operator: s3_outcome.h. Region, address and clock are
// learned: s3_bearings.h.
#pragma once
#include <memory>
#include <optional>

#include "objects/s3/s3_client.h"
#include "objects/s3/s3_multipart.h"
#include "objects/s3/s3_settings.h"
#include "objects/s3/s3_xml.h"
#include "ports/object_store.h"

namespace darkroom::objects {

class S3ObjectStore : public ports::ObjectStore {
public:
    /// settings.problems() is empty; makes no request. All references must outlive the store.
    S3ObjectStore(S3Settings settings, ports::HttpClient& http, const ports::Clock& clock,
                  ports::Random& random)
        : client_(std::move(settings), http, clock, random) {}

    ports::ObjectStoreCapabilities capabilities() const override;
    /// Up to part_bytes go in one request, more in parts: about 78 GiB with the usual parts.
    ports::ObjectResult<ports::ObjectInfo> put(const core::ObjectKey& key,
                                               ports::ByteSource& source) override;
    /// The file is read twice, once to be hashed; gone after a success.
    ports::ObjectResult<ports::ObjectInfo> put_file(const core::ObjectKey& key,
                                                    const std::filesystem::path& file) override;
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override;
    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey& key) override;
    ports::ObjectResult<ports::ObjectInfo> copy(const core::ObjectKey& from,
                                                const core::ObjectKey& to) override;
    ports::ObjectResult<void> remove(const core::ObjectKey& key) override;
    ports::ObjectResult<void> remove_many(std::span<const core::ObjectKey> keys) override;
    ports::ObjectResult<ports::ObjectPage> list(std::string_view prefix, const std::string& page,
                                                int count_max) override;
    ports::ObjectResult<int> remove_unfinished(TimePoint begun_before, bool dry_run) override;
    ports::PresignedRequest presign_get(const core::ObjectKey& key,
                                        const ports::PresignGet& what) const override;
    ports::PresignedRequest presign_put(const core::ObjectKey& key,
                                        const ports::PresignPut& what) const override;

    /// One request that tells faults of the bucket, the region, the keys and the clock apart.
    ports::ObjectResult<void> check();
    /// How far the server's clock is ahead of this machine's, as last seen; nothing before an answer.
    std::optional<Milliseconds> clock_offset() const { return client_.bearings().seen_offset(); }
    /// Where the bucket is, as far as is known.
    std::string region() const { return client_.bearings().route().region; }

private:
    ports::ObjectResult<ports::ObjectInfo> put_whole(const core::ObjectKey& key, std::string& bytes);
    ports::ObjectResult<ports::ObjectInfo> put_parts(const core::ObjectKey& key, std::string& buffer,
                                                     ports::ByteSource& source);
    ports::ObjectResult<ports::ObjectInfo> put_slices(const core::ObjectKey& key,
                                                      const std::filesystem::path& file, std::uint64_t bytes);
    ports::ObjectResult<ports::ObjectInfo> put_request_of(const core::ObjectKey& key, S3Request& request,
                                                          ports::ObjectInfo stored,
                                                          const std::function<std::string()>& md5);
    struct Look {
        bool is_there = false;
        ports::ObjectInfo info;  // of what is there, or is instead
    };
    /// Looks whether what was stored is there, whole. `md5` gives the digest of the bytes: where another
    /// object or none is seen, a server that named it has had these very bytes, and somebody else was faster
    /// than the look.
    ports::ObjectResult<Look> look_for(const core::ObjectKey& key, ports::ObjectInfo stored,
                                       const std::function<std::string()>& md5);
    static ports::ObjectError not_there(const core::ObjectKey& key, const ports::ObjectInfo& stored,
                                        const Look& look);
    ports::ObjectResult<ports::ObjectInfo> finished(const core::ObjectKey& key, S3Multipart& upload,
                                                    ports::ObjectInfo stored);
    Result<ports::ObjectInfo, S3Fault> head_of(const std::string& key);
    /// Up to 1,000. Gives back those that are worth another try.
    ports::ObjectResult<std::vector<core::ObjectKey>> remove_batch(std::span<const core::ObjectKey> keys);
    Result<S3UploadListing, S3Fault> uploads_after(const S3UploadListing& page);
    ports::ObjectError failed(const S3Fault& fault, const std::string& doing) const;
    ports::PresignedRequest presigned(std::string_view method, const core::ObjectKey& key,
                                      const ports::HttpFields& query, ports::HttpFields headers,
                                      Milliseconds life) const;

    S3Client client_;
};

}  // namespace darkroom::objects
