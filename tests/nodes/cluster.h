// Several real nodes over one Postgres server and one bucket, with a RunPod endpoint if wanted: what a test
// does to any of them, the jobs must bear.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/node_process.h"
#include "tests/e2e/s3_bucket.h"
#include "tests/runpod/endpoint_process.h"
#include "tests/support/postgres_server.h"

namespace darkroom::e2e {

struct ClusterPlan {
    /// Of all nodes, beside what they need.
    Settings settings = {};
    /// Jobs go to a played endpoint of this limit; 0 = they are done on this machine.
    int endpoint_max = 0;
    std::vector<std::string> endpoint_flags = {};
    testing::PostgresPlan postgres = {};
};

class Cluster {
public:
    /// As short as it may be in a test that waits for its end.
    static constexpr Milliseconds lease{6'000};
    /// By then somebody else has what a lost node had.
    static constexpr Milliseconds taken_over_within{lease + Milliseconds(5'000)};

    explicit Cluster(ClusterPlan plan = {});
    ~Cluster();

    testing::PostgresServer& postgres() { return postgres_; }
    S3Bucket& bucket() { return bucket_; }
    runpod::EndpointProcess& endpoint() { return *endpoint_; }

    /// Stays until the cluster ends. `more` wins over what all have; `network` outlives the cluster.
    NodeProcess& start(const std::string& name, const Settings& more = {},
                       const testing::NetworkNamespace* network = nullptr);
    /// What a node is told, for one that is to be refused.
    Settings settings(const std::string& name, const Settings& more = {}) const;
    void start_worker();

    std::uint16_t endpoint_port() const;

    /// What the database tells: the first column of the first row.
    std::string value(const std::string& sql);
    /// As a number; 0 if there is none.
    std::int64_t count(const std::string& sql);
    /// Of the node that is alive under this name.
    std::int64_t held_by(const std::string& name, const std::string& table);
    /// How many submits came to the endpoint, and for how many different attempts.
    struct Submits {
        int all = 0;
        int attempts = 0;
    };
    Submits submits() const;
    /// Waits until all that was sent has ended; then the books say each remote job once, and as much as it
    /// cost.
    void expect_paid_once(int remote_jobs);
    /// Each of them became SUCCEEDED once, and no row of the store says what must not be.
    void expect_ended_once(const ApiClient& client, const std::vector<std::string>& ids);

private:
    ClusterPlan plan_;
    testing::PostgresServer postgres_;
    S3Bucket bucket_;
    testing::TempDir folder_;
    std::unique_ptr<runpod::EndpointProcess> endpoint_;
    std::vector<std::unique_ptr<NodeProcess>> nodes_;
    std::vector<std::unique_ptr<testing::ChildProcess>> workers_;
    std::unique_ptr<testing::PostgresSession> session_;
};

/// All of them have ended well within the time; a job that has not is a failure.
void expect_all_done(const ApiClient& client, const std::vector<std::string>& ids,
                     Milliseconds at_most = Milliseconds(90'000));

/// So many jobs of small pictures, created one after the other.
std::vector<std::string> create_jobs(const ApiClient& client, int count);

/// Whether tests that take minutes are wanted.
bool wants_long_tests();

}  // namespace darkroom::e2e
