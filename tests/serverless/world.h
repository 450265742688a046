// Everything that a job on RunPod passes, as real processes on this machine: a bucket of a real S3 server, a
// `darkroom endpoint`, workers, and a gateway that sends all work there. Gone with the object.
#pragma once
#include <boost/json/value.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/s3_bucket.h"
#include "tests/e2e/server_process.h"
#include "tests/runpod/endpoint_process.h"
#include "tests/serverless/volume_server.h"

namespace darkroom::e2e {

struct WorldPlan {
    int workers = 2;
    int callback_every = 1;  // each so many-th worker knows the secret of the gateway; 0 = none
    std::vector<std::string> endpoint_flags = {};
    Settings settings = {};       // of the gateway, beside what it needs for this world
    bool by_volume = false;       // pictures travel by a network volume, not by signed links of the bucket
    std::string foreign = {};     // workers are foreign_worker.py of this kind, and not Darkroom's
    std::string sdk_python = {};  // they are run by RunPod's own package, which this interpreter has
};

/// A line of the endpoint's journal.
struct JournalEntry {
    std::string what;
    std::string remote_id;
    std::string state;    // of an end
    std::string attempt;  // of a submit
    std::string job;      // likewise
    TimePoint at{};
};

class World {
public:
    explicit World(WorldPlan plan = {});
    ~World();

    runpod::EndpointProcess& endpoint() { return endpoint_; }
    ServerProcess& server() { return *server_; }
    S3Bucket& bucket() { return *bucket_; }
    std::filesystem::path volume_folder() const { return volume_->folder(); }
    ApiClient client() const { return server_->client(); }
    const std::string& secret() const { return secret_; }
    /// What foreign workers do wrong from now on; empty = nothing.
    void set_fault(const std::string& fault) const { testing::write_file(folder_.path() / "fault", fault); }

    /// One more worker; its place in the row.
    std::size_t start_worker();
    void kill_worker(std::size_t place);
    /// SIGTERM to all of them; they end what they have in hand.
    void stop_workers();
    std::string worker_log(std::size_t place) const;

    std::vector<JournalEntry> journal() const;
    /// All remote jobs that the gateway knows of, as its audit tells them.
    std::vector<boost::json::value> remote_jobs() const;
    /// The state that the endpoint shows for a remote job; empty if it knows none.
    std::string remote_state(const std::string& remote_id);

private:
    struct Worker {
        std::unique_ptr<testing::ChildProcess> process;
        std::filesystem::path log;
    };

    testing::ChildPlan darkroom_worker() const;
    testing::ChildPlan foreign_worker() const;

    WorldPlan plan_;
    const std::string secret_ = "a-secret-of-this-test-0123456789";
    testing::TempDir folder_;
    std::unique_ptr<S3Bucket> bucket_;  // or
    std::unique_ptr<VolumeServer> volume_;
    runpod::EndpointProcess endpoint_;
    std::unique_ptr<ServerProcess> server_;
    std::vector<Worker> workers_;
};

/// A webhook as RunPod posts it.
std::string webhook_body(const std::string& remote_id, const std::string& status,
                         const std::string& output_json = "");

}  // namespace darkroom::e2e
