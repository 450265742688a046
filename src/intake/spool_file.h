// Bytes that are not yet known to be a picture: written down one after the other, hashed on the way, and gone
// with the object whatever happens. Only its owner may read the file.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "ports/object_store.h"
#include "ports/random.h"

namespace darkroom::intake {

class SpoolFile {
public:
    /// A new file in `folder`, under a name that nobody can guess.
    static Result<SpoolFile, ports::ObjectError> create(const std::filesystem::path& folder,
                                                        ports::Random& random);
    SpoolFile(SpoolFile&& other) noexcept;
    SpoolFile& operator=(SpoolFile&&) = delete;
    ~SpoolFile();

    ports::ObjectResult<void> write(std::string_view piece);
    /// The hash of all that was written, in hex; nothing may be written afterwards.
    std::string finish();

    /// May be moved away from here by whoever takes the bytes.
    const std::filesystem::path& path() const { return path_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    SpoolFile(std::filesystem::path path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}

    std::filesystem::path path_;  // empty = moved from
    UniqueFd file_;
    Sha256 digest_;
    std::uint64_t bytes_ = 0;
};

}  // namespace darkroom::intake
