// A disk that fills up under a running server: what is new is refused with a code, what was acknowledged
// stays, and all goes on when there is space again. The disk is a small tmpfs that only this process and its
// children see.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

constexpr const char* disk_options = "size=24m,mode=0700";

bool write_to(const char* file, const std::string& text) {
    const UniqueFd fd(::open(file, O_WRONLY | O_CLOEXEC));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Root needs a mount namespace; others a user namespace too, in which they are root.
bool may_mount() {
    const auto user = std::to_string(::geteuid());
    const auto group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWNS) != 0) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
        if (!write_to("/proc/self/setgroups", "deny")) return false;
        if (!write_to("/proc/self/uid_map", "0 " + user + " 1")) return false;
        if (!write_to("/proc/self/gid_map", "0 " + group + " 1")) return false;
    }
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

class SmallDisk {
public:
    SmallDisk() {
        mounted_ = may_mount() &&
                   ::mount("tmpfs", place_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, disk_options) == 0;
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(place_.path().c_str(), MNT_DETACH);
    }
    bool mounted() const { return mounted_; }
    const std::filesystem::path& path() const { return place_.path(); }

    /// Takes every byte that is left.
    void fill() const {
        const UniqueFd fd(::open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        ASSERT_TRUE(static_cast<bool>(fd));
        for (std::size_t piece = 1u << 20; piece > 0; piece /= 2) {
            const std::string bytes(piece, 'x');
            while (::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()))
                continue;
        }
    }
    void relieve() const { std::filesystem::remove(ballast()); }

private:
    std::filesystem::path ballast() const { return place_.path() / "ballast"; }

    testing::TempDir place_;
    bool mounted_ = false;
};

// Refused for want of space: the status, and a code that tells the client to come again.
bool is_refused_for_space(const Reply& reply) {
    if (reply.status != 507 && reply.status != 503) return false;
    expect_problem(reply, reply.status, reply.status == 507 ? "storage_full" : reply.code(),
                   text_at(reply.json(), "/request_id").empty());
    EXPECT_NE(reply.code(), "store_broken") << "a full disk is no reason to give up";
    EXPECT_EQ(text_at(reply.json(), "/retryable"), "true") << reply.body();
    return true;
}

class DiskFull : public ::testing::Test {
protected:
    void SetUp() override {
        if (!disk.mounted())
            GTEST_SKIP()
                << "mounting a tmpfs is not permitted here (neither as root nor in a user namespace), "
                   "so nothing was tested about a full disk";
        server = std::make_unique<ServerProcess>(Settings{{"MAX_INFLIGHT", "1"}}, disk.path() / "data");
    }
    SmallDisk disk;
    std::unique_ptr<ServerProcess> server;
};

TEST_F(DiskFull, RefusesWhatIsNewAndLosesNothingThatWasAcknowledged) {
    const auto client = server->client();
    const auto upload = client.upload(disc_png(200, 200));
    std::vector<std::string> acknowledged;
    acknowledged.push_back(client.create("jpeg_to_png", "{}", upload));
    (void)client.ended_job(acknowledged.back());
    const auto ticket = client.post("/api/v1/uploads", "{}").json();

    disk.fill();
    const auto picture = disc_png(300, 300);
    EXPECT_TRUE(is_refused_for_space(client.call("PUT", target_of(text_at(ticket, "/url")), picture)));
    const auto form = make_form("a.png", picture, {{"type", "jpeg_to_png"}});
    EXPECT_TRUE(is_refused_for_space(
        client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}})));
    // A page that the database has free may still take a few.
    bool refused = false;
    for (int i = 0; i < 500 && !refused; ++i) {
        const auto reply = client.post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload));
        if (reply.status == 201) {
            acknowledged.push_back(text_at(reply.json(), "/id"));
            disk.fill();
        } else {
            refused = is_refused_for_space(reply);
            ASSERT_TRUE(refused) << reply.status << reply.body();
        }
    }
    EXPECT_TRUE(refused) << "500 jobs were taken on a full disk";
    EXPECT_EQ(client.get("/healthz").status, 200);
    EXPECT_EQ(client.get("/api/v1/jobs").status, 200) << "reading needs no space";

    disk.relieve();
    EXPECT_TRUE(eventually([&] {
        const auto reply = client.post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload));
        if (reply.status == 201) acknowledged.push_back(text_at(reply.json(), "/id"));
        return reply.status == 201;
    })) << "jobs are still refused though there is space";
    EXPECT_EQ(client.call("PUT", target_of(text_at(ticket, "/url")), picture).status, 200);
    for (const auto& id : acknowledged) {
        const auto job = client.ended_job(id);
        const auto status = text_at(job, "/status");
        EXPECT_TRUE(status == "SUCCEEDED" || text_at(job, "/error/code") == "storage_full") << job;
    }
    EXPECT_EQ(text_at(client.job(acknowledged.back()), "/status"), "SUCCEEDED");
    expect_nothing_left(*server);

    server->kill9();
    server->start();
    for (const auto& id : acknowledged) EXPECT_EQ(server->client().get("/api/v1/jobs/" + id).status, 200);
}

TEST_F(DiskFull, AJobWhoseResultFindsNoRoomEndsWhenThereIsSome) {
    const auto client = server->client();
    const auto upload = client.upload(disc_png(200, 200));
    (void)client.ended_job(client.create("jpeg_to_png", "{}", upload));
    server->freeze_workers();
    const auto id = client.create("jpeg_to_png", "{}", upload);
    (void)client.job_in(id, "RUNNING");
    disk.fill();
    server->thaw_workers();
    // The first attempt cannot be stored, or its end cannot; either way the job is not forgotten.
    EXPECT_TRUE(eventually([&] {
        return server->log().find("\"code\":\"storage_full\"") != std::string::npos ||
               server->log().find("could not be stored") != std::string::npos ||
               server->log().find("was not recorded") != std::string::npos;
    })) << "nobody noticed the full disk";
    EXPECT_EQ(client.get("/healthz").status, 200);
    disk.relieve();
    const auto job = client.ended_job(id);
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    expect_nothing_left(*server);
}

}  // namespace
}  // namespace darkroom::e2e
