// Where Postgres' programs are and as whom they run: Postgres refuses to run as root, so root's tests run it
// as the user that comes with Debian's package.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace darkroom::testing {

/// Why no server can be started here, for GTEST_SKIP; empty if it can.
std::string why_no_postgres();

/// initdb, postgres, pg_basebackup … with its whole path. Only if why_no_postgres() is empty.
std::filesystem::path postgres_program(const std::string& name);

/// Gives a file or folder to the user that servers run as.
void give_to_server_user(const std::filesystem::path& path);
/// `program` run as that user, what it says going to `log`. When the test dies it is told to stop at once
/// (SIGQUIT).
ChildPlan as_server_user(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                         const std::filesystem::path& working_dir, const std::filesystem::path& log);

}  // namespace darkroom::testing
