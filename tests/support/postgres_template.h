// A new cluster in a few hundredths of a second: initdb runs once for each build tree, later ones are copies.
#pragma once
#include <filesystem>

namespace darkroom::testing {

/// What every cluster has: the superuser `postgres` without a password (let in by the socket in its own
/// folder alone), and this role, which has a database of its name and no rights beyond it.
constexpr const char* postgres_role = "darkroom";
constexpr const char* postgres_password = "only-for-tests";

/// `data_dir` must not exist yet; it belongs to the user that servers run as.
void copy_new_cluster(const std::filesystem::path& data_dir);

}  // namespace darkroom::testing
