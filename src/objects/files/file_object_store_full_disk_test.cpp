// A disk that fills up: puts fail with `full`, leave nothing, harm nothing, and work again when there is
// space. In child processes, because limits and mounts are those of a whole process.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "objects/files/file_object_store.h"
#include "tests/conformance/object_bytes.h"

namespace darkroom::objects {
namespace {

namespace fs = std::filesystem;
using conformance::numbered;
using conformance::pattern;
using conformance::put_bytes;
using conformance::read_all;
using core::ObjectKey;
using ports::ObjectErrorKind;

const ObjectKey small = ObjectKey::uploaded(numbered<UploadId>(1), "jpg");
const ObjectKey large = ObjectKey::restored(numbered<JobId>(1), numbered<AttemptId>(1), "main", "png");
constexpr int passed = 0;
constexpr int not_possible_here = 255;

// 0, or the line of the expectation that failed: a child of a test cannot use gtest's own.
#define EXPECT_IN_CHILD(condition) \
    if (!(condition)) return __LINE__ % 256

int run_in_child(const fs::path& folder, const std::function<int(const fs::path&)>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body(folder));
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

class FileObjectStoreFullDisk : public testing::Test {
protected:
    FileObjectStoreFullDisk() {
        std::string name = (fs::temp_directory_path() / "darkroom-full-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
        folder = name;
    }
    ~FileObjectStoreFullDisk() override {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    fs::path folder;
};

bool write_text(const char* file, const std::string& text) {
    std::ofstream stream(file);
    stream << text << std::flush;
    return stream.good();
}

// A mount that only this process sees: root needs a mount namespace for it, others a user namespace in which
// they are root.
bool may_mount() {
    const auto user = std::to_string(::geteuid());
    const auto group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWNS) != 0) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
        if (!write_text("/proc/self/setgroups", "deny")) return false;
        if (!write_text("/proc/self/uid_map", "0 " + user + " 1")) return false;
        if (!write_text("/proc/self/gid_map", "0 " + group + " 1")) return false;
    }
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// The same story for both ways of having no space; `relief` gives it back.
int fills_up_and_recovers(const fs::path& root, const std::function<void()>& relief) {
    auto opened = FileObjectStore::open(root);
    EXPECT_IN_CHILD(opened.ok());
    auto& store = **opened;
    EXPECT_IN_CHILD(put_bytes(store, small, pattern(50'000)).ok());

    const auto put = put_bytes(store, large, pattern(400'000));
    EXPECT_IN_CHILD(!put.ok() && put.error().kind == ObjectErrorKind::full);
    EXPECT_IN_CHILD(fs::is_empty(root / ".tmp"));
    EXPECT_IN_CHILD(store.head(large).error().kind == ObjectErrorKind::missing);

    const auto replaced = put_bytes(store, small, pattern(400'000, 2));
    EXPECT_IN_CHILD(!replaced.ok() && replaced.error().kind == ObjectErrorKind::full);
    EXPECT_IN_CHILD(read_all(store, small).value() == pattern(50'000));

    relief();
    EXPECT_IN_CHILD(put_bytes(store, large, pattern(400'000)).ok());
    EXPECT_IN_CHILD(read_all(store, large).value() == pattern(400'000));
    return passed;
}

TEST_F(FileObjectStoreFullDisk, AFileSystemWithoutSpaceFailsPutsAndLosesNothing) {
    const int end = run_in_child(folder, [](const fs::path& mount_point) {
        if (!may_mount()) return not_possible_here;
        if (::mount("none", mount_point.c_str(), "tmpfs", 0, "size=256k") != 0) return not_possible_here;
        return fills_up_and_recovers(mount_point / "objects", [&] {
            (void)::mount("none", mount_point.c_str(), "tmpfs", MS_REMOUNT, "size=4m");
        });
    });
    if (end == not_possible_here) GTEST_SKIP() << "mounting a small file system is not permitted here";
    EXPECT_EQ(end, passed);
}

TEST_F(FileObjectStoreFullDisk, ALimitOfFileSizesFailsPutsAndLosesNothing) {
    const int end = run_in_child(folder, [](const fs::path& work) {
        ::signal(SIGXFSZ, SIG_IGN);  // as darkroom's main does
        rlimit limit{};
        if (::getrlimit(RLIMIT_FSIZE, &limit) != 0) return not_possible_here;
        const rlim_t before = limit.rlim_cur;
        limit.rlim_cur = 100'000;
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return not_possible_here;
        return fills_up_and_recovers(work / "objects", [&] {
            limit.rlim_cur = before;
            (void)::setrlimit(RLIMIT_FSIZE, &limit);
        });
    });
    EXPECT_EQ(end, passed);
}

}  // namespace
}  // namespace darkroom::objects
