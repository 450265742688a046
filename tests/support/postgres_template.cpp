#include "tests/support/postgres_template.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>

#include "base/check.h"
#include "base/unique_fd.h"
#include "tests/support/postgres_programs.h"
#include "tests/support/programs.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {
namespace {

// Another one whenever what is below makes another cluster, so that a build tree's old one is not taken for
// it.
constexpr int template_layout = 1;

// Each line is one statement.
std::string first_statements() {
    const std::string role = postgres_role;
    return "create role " + role + " login password '" + postgres_password + "'\ncreate database " + role +
           " owner " + role + "\n";
}

void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to) {
    const TempDir notes;
    ChildPlan plan;
    plan.program = program_in_path("cp");
    plan.arguments = {"-a", "--reflink=auto", from.string(), to.string()};
    plan.err_file = notes.path() / "cp.log";
    run_to_end(plan);
}

void make_cluster(const std::filesystem::path& folder) {
    give_to_server_user(folder);
    const auto data = folder / "data";
    const auto log = folder / "initdb.log";
    // Not synced: what is copied from it is.
    run_to_end(as_server_user(postgres_program("initdb"),
                              {"--pgdata", data.string(), "--username=postgres", "--auth=trust",
                               "--encoding=UTF8", "--locale=C", "--no-sync"},
                              folder, log));
    write_file(folder / "first.sql", first_statements());
    const UniqueFd statements(::open((folder / "first.sql").c_str(), O_RDONLY | O_CLOEXEC));
    auto single_user = as_server_user(
        postgres_program("postgres"),
        {"--single", "-F", "-c", "exit_on_error=on", "-D", data.string(), "postgres"}, folder, log);
    single_user.in_fd = statements.get();
    run_to_end(single_user);
}

// Another program may want another cluster, and another user could not read this one's.
std::filesystem::path template_folder() {
    const auto program = std::filesystem::canonical(postgres_program("postgres"));
    const auto built = std::filesystem::last_write_time(program).time_since_epoch().count();
    const auto name = "cluster-" + std::to_string(template_layout) + "-of-" + std::to_string(built) + "-by-" +
                      std::to_string(::geteuid());
    return std::filesystem::path(DR_POSTGRES_TEMPLATES) / name;
}

// Test programs run side by side: the first one makes it, the others wait.
std::filesystem::path ready_template() {
    auto ready = template_folder();
    std::filesystem::create_directories(ready.parent_path());
    const UniqueFd lock(::open((ready.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    DR_CHECK(lock && ::flock(lock.get(), LOCK_EX) == 0);
    if (std::filesystem::exists(ready)) return ready;
    const TempDir folder;
    make_cluster(folder.path());
    const std::filesystem::path part = ready.string() + ".part";
    std::filesystem::remove_all(part);
    copy_tree(folder.path() / "data", part);
    std::filesystem::rename(part, ready);
    return ready;
}

}  // namespace

void copy_new_cluster(const std::filesystem::path& data_dir) {
    static const auto from = ready_template();
    copy_tree(from, data_dir);
}

}  // namespace darkroom::testing
