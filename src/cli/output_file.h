// Results on this machine: names that take nothing away from anybody, and files that appear whole or not at
// all.
#pragma once
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "cli/input_file.h"

namespace darkroom::cli {

/// Makes the folder; the error is a sentence.
Result<void, std::string> prepare_output_folder(const std::filesystem::path& folder);

/// ".png" for image/png …; ".bin" for what Darkroom does not make.
std::string_view extension_for(std::string_view content_type);

/// Hands out <stem>-<type>.<ext> in one folder, with a number where that is taken in this run, would replace
/// an input or is a folder. A result of an earlier run is replaced: the same command twice leaves the same
/// files. Any thread.
class OutputNames {
public:
    OutputNames(std::filesystem::path folder, std::set<FileIdentity> inputs)
        : folder_(std::move(folder)), inputs_(std::move(inputs)) {}

    std::filesystem::path claim(std::string_view file, std::string_view type, std::string_view content_type);

private:
    bool is_free(const std::filesystem::path& path) const;

    const std::filesystem::path folder_;
    const std::set<FileIdentity> inputs_;
    std::mutex mutex_;
    std::set<std::filesystem::path> taken_;
};

/// A file being written beside its final place. Errors are sentences; without keep() nothing stays.
class OutputFile {
public:
    /// `random` makes the temporary name unique.
    static Result<OutputFile, std::string> create(const std::filesystem::path& path, std::uint64_t random);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    /// False once the disk refused; error() tells why.
    bool write(std::string_view bytes);
    const std::string& error() const { return error_; }
    std::uint64_t bytes() const { return bytes_; }
    /// Hex SHA-256 of what was written. Once.
    std::string digest() { return to_hex(sha256_.finish()); }
    /// Gives it its name.
    Result<void, std::string> keep();

private:
    OutputFile(std::filesystem::path path, std::filesystem::path part, UniqueFd file)
        : path_(std::move(path)), part_(std::move(part)), file_(std::move(file)) {}

    std::filesystem::path path_;
    std::filesystem::path part_;  // empty = nothing to remove
    UniqueFd file_;
    Sha256 sha256_;
    std::uint64_t bytes_ = 0;
    std::string error_;
};

}  // namespace darkroom::cli
