// How pictures come in: a file that was relayed through the server, an object that the client put into the
// store itself, or a URL that Darkroom fetches. Whatever the way, a picture counts only after its header was
// looked at by content and its bytes were hashed, and it is pinned by the version that was looked at: what
// replaces it later is not it. Nothing is left in the spool folder, whatever fails; that folder is emptied by
// its owner when the program starts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/image_header_limits.h"
#include "core/input_url_rules.h"
#include "core/job.h"
#include "intake/label.h"
#include "intake/refusal.h"
#include "intake/url_fetch.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/job_store.h"
#include "ports/object_store.h"
#include "ports/random.h"
#include "ports/resolver.h"

namespace darkroom::intake {

/// What a client says that it will put into the store itself.
struct DirectUpload {
    std::string content_type;
    std::uint64_t bytes = 0;  // exactly
};

struct IntakeSettings {
    core::ImageLimits limits;
    std::uint64_t upload_bytes_max = 64u << 20;
    Milliseconds upload_url_life{10 * 60'000};
    Milliseconds upload_life{24 * 3'600'000};  // of a complete upload that no job uses
    std::filesystem::path spool_dir;
    core::InputUrlRules url_rules;
    Milliseconds fetch_time_max{30'000};
    int fetches_max = 16;
};

/// Safe to use from many threads at once; blocks on the store, the object store and foreign servers.
class Intake {
public:
    Intake(ports::JobStore& store, ports::ObjectStore& objects, ports::HttpClient& client,
           ports::Resolver& resolver, const ports::Clock& clock, ports::Random& random,
           IntakeSettings settings);

    /// An upload whose bytes come through this server, by receive().
    Result<core::Upload, Refusal> open(const UserId& user, std::string_view name, std::uint64_t bytes_max);

    struct Direct {
        core::Upload upload;
        ports::PresignedRequest request;  // with which the client puts the bytes where they belong
    };
    /// An upload that the client puts into the store itself. Only where the object store presigns; refused
    /// with a JobError if the type is not a picture's or the length is out of bounds.
    Result<Direct, Refusal> open_direct(const UserId& user, std::string_view name, const DirectUpload& what);

    /// Takes a file that came by relay or form; after success it may be gone. One call at a time for one
    /// upload: a second sender would replace the bytes of the first.
    Result<core::Upload, Refusal> receive(const ports::Access& access, const UploadId& id,
                                          const std::filesystem::path& file, std::uint64_t bytes);

    /// The upload with its picture: at once if it is ready, else after the object that the client put has
    /// been read as a whole. NotSent while nothing is there. Of calls at once for the same picture, each gets
    /// the same upload. An object that is no picture is removed, so that a later call says NotSent; a picture
    /// of another type than was declared is taken as what it is.
    Result<core::Upload, Refusal> confirm(const ports::Access& access, const UploadId& id);

    /// An upload of `user` with the picture at `url`. Without `name` it is called as in the URL's path.
    Result<core::Upload, Refusal> fetch(const UserId& user, const std::string& url, const std::string& name);

private:
    struct Seen;

    Result<core::Upload, Refusal> create(const UserId& user, std::string_view name, std::uint64_t bytes_max,
                                         std::string_view direct_extension);
    Result<Seen, Refusal> read_direct(const core::Upload& upload);
    Result<core::Upload, Refusal> complete(const ports::Access& access, core::Upload upload,
                                           core::InputImage image);
    Result<core::Upload, Refusal> completed_before(const ports::Access& access, const core::Upload& upload,
                                                   const core::InputImage& image);
    std::uint64_t picture_bytes_max() const;

    ports::JobStore& store_;
    ports::ObjectStore& objects_;
    const ports::Clock& clock_;
    ports::Random& random_;
    const IntakeSettings settings_;
    UrlFetch urls_;
};

}  // namespace darkroom::intake
