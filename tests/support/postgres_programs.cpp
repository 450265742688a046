#include "tests/support/postgres_programs.h"

#include <pwd.h>
#include <unistd.h>

#include "base/check.h"
#include "tests/support/programs.h"

namespace darkroom::testing {
namespace {

constexpr const char* server_user = "postgres";

bool is_root() { return ::geteuid() == 0; }

bool is_program(const std::filesystem::path& path) { return ::access(path.c_str(), X_OK) == 0; }

// Debian keeps the server's programs out of PATH; others have them there.
std::filesystem::path find_server_programs() {
    for (const char* version : {"15", "16", "17", "18"}) {
        auto folder = std::filesystem::path("/usr/lib/postgresql") / version / "bin";
        if (is_program(folder / "postgres") && is_program(folder / "initdb")) return folder;
    }
    const auto found = program_in_path("initdb");
    if (found.empty()) return {};
    // A link in PATH leads to the folder that has the rest.
    const auto folder = std::filesystem::canonical(found).parent_path();
    return is_program(folder / "postgres") ? folder : std::filesystem::path();
}

const std::filesystem::path& server_programs() {
    static const auto folder = find_server_programs();
    return folder;
}

}  // namespace

std::string why_no_postgres() {
    const std::string package = " (Debian: postgresql-15), so nothing was tested with Postgres";
    if (server_programs().empty()) return "initdb and postgres are not on this machine" + package;
    if (is_root() && ::getpwnam(server_user) == nullptr)
        return "Postgres does not run as root, and there is no user \"postgres\"" + package;
    if (is_root() && program_in_path("setpriv").empty())
        return "Postgres does not run as root, and setpriv (util-linux) is missing";
    return "";
}

std::filesystem::path postgres_program(const std::string& name) {
    DR_CHECK(!server_programs().empty());
    return server_programs() / name;
}

void give_to_server_user(const std::filesystem::path& path) {
    if (!is_root()) return;
    const auto* user = ::getpwnam(server_user);
    DR_CHECK(user != nullptr && ::chown(path.c_str(), user->pw_uid, user->pw_gid) == 0);
}

ChildPlan as_server_user(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                         const std::filesystem::path& working_dir, const std::filesystem::path& log) {
    ChildPlan plan;
    plan.program = program;
    plan.environment = {{"LC_ALL", "C"}};
    plan.working_dir = working_dir;
    plan.out_file = log;
    plan.err_file = log;
    if (is_root()) {
        // Becoming another user makes the kernel forget whom the child is not to outlive, so setpriv asks
        // again.
        plan.program = program_in_path("setpriv");
        plan.arguments = {std::string("--reuid=") + server_user,
                          std::string("--regid=") + server_user,
                          "--init-groups",
                          "--pdeathsig",
                          "QUIT",
                          "--",
                          program.string()};
    }
    plan.arguments.insert(plan.arguments.end(), arguments.begin(), arguments.end());
    return plan;
}

}  // namespace darkroom::testing
