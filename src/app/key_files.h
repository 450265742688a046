// Secrets that Darkroom makes for itself and keeps in its data folder, readable by its owner only.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "ports/random.h"

namespace darkroom::app {

/// What is in the file, made on first use: 32 random bytes in base64url after `prefix`. Fails with a sentence
/// for the operator.
Result<std::string, std::string> load_or_create_secret(const std::filesystem::path& file,
                                                       const std::string& prefix, ports::Random& random);

/// Replaces the file's content, whole or not at all.
Result<void, std::string> write_private_file(const std::filesystem::path& file, const std::string& content);

/// First line of a small file; nullopt if there is none.
std::optional<std::string> read_small_file(const std::filesystem::path& file);

}  // namespace darkroom::app
