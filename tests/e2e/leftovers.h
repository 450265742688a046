// What a server must not leave behind once it has nothing to do.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tests/e2e/server_process.h"

namespace darkroom::e2e {

/// Regular files under `folder`, however deep.
std::vector<std::filesystem::path> files_under(const std::filesystem::path& folder);

/// Nothing in flight or waiting, no temporary file, no child that nobody waited for. Waits for a moment,
/// because an answer may be out before its last file is closed.
void expect_nothing_left(const ServerProcess& server);

/// What the signed link of a download is for: the object's key.
std::string object_key_in(const std::string& download_url);

}  // namespace darkroom::e2e
