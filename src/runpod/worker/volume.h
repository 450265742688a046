// The network volume as a folder. Names come from payloads, so each is walked part by part from the root
// without following a link: what lies elsewhere cannot be named. What is written appears whole, by a
// temporary name and a rename, because readers elsewhere see every write.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ports/random.h"

namespace darkroom::runpod::worker {

enum class VolumeError {
    bad_name,     // not below the root, or no name of a file
    missing,      // nothing there, or no regular file, or a link on the way
    full,         // no space or quota left
    unavailable,  // anything else
};

/// Any thread. Keys are paths from the volume's root, without a slash in front.
class Volume {
public:
    /// nullopt where `root` is no folder.
    static std::optional<Volume> open(const std::filesystem::path& root, ports::Random& random);

    /// "inputs/a.jpg" for "/runpod-volume/inputs/a.jpg" and "/workspace/inputs/a.jpg".
    static Result<std::string, VolumeError> key_of(std::string_view path);

    Result<UniqueFd, VolumeError> open_file(std::string_view key) const;
    /// Size of a file; fails as open_file().
    Result<std::uint64_t, VolumeError> bytes_of(std::string_view key) const;
    /// Copies; makes the folders on the way; replaces what had the name.
    Result<void, VolumeError> put_file(std::string_view key, const std::filesystem::path& from) const;
    Result<void, VolumeError> put_text(std::string_view key, std::string_view text) const;
    Result<std::string, VolumeError> read_text(std::string_view key, std::size_t bytes_max) const;

private:
    Volume(UniqueFd root, ports::Random& random) : root_(std::move(root)), random_(&random) {}
    Result<UniqueFd, VolumeError> folder_of(std::string_view key, bool make) const;
    template <class Write>
    Result<void, VolumeError> put(std::string_view key, const Write& write) const;

    UniqueFd root_;
    ports::Random* random_;
};

}  // namespace darkroom::runpod::worker
