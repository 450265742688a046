// The played network volume against the AWS command line: what a worker's folder shows, what RunPod's S3 API
// can and what it cannot.
#include "tests/serverless/volume_server.h"

#include <gtest/gtest.h>

namespace darkroom::e2e {
namespace {

class VolumeServerTest : public ::testing::Test {
protected:
    /// `aws s3api …` to its end; its exit code. What it wrote is in out_.
    int aws(std::vector<std::string> arguments, const std::string& secret = "") {
        const auto& settings = volume_.settings();
        testing::ChildPlan plan;
        plan.program = "/usr/bin/env";
        plan.arguments = {"aws", "--endpoint-url", settings.at("RUNPOD_S3_ENDPOINT"), "s3api"};
        plan.arguments.push_back(std::move(arguments.front()));
        plan.arguments.insert(plan.arguments.end(), {"--bucket", settings.at("RUNPOD_NETWORK_VOLUME_ID")});
        plan.arguments.insert(plan.arguments.end(), arguments.begin() + 1, arguments.end());
        plan.environment = {
            {"AWS_ACCESS_KEY_ID", settings.at("RUNPOD_S3_ACCESS_KEY")},
            {"AWS_SECRET_ACCESS_KEY", secret.empty() ? settings.at("RUNPOD_S3_SECRET_KEY") : secret},
            {"AWS_DEFAULT_REGION", settings.at("RUNPOD_S3_REGION")},
            {"AWS_EC2_METADATA_DISABLED", "true"},
            {"HOME", folder_.path().string()}};
        plan.working_dir = folder_.path();
        const auto said = folder_.path() / ("said-" + std::to_string(++calls_));
        plan.out_file = plan.err_file = said;
        const auto exit = testing::ChildProcess(plan).wait(Milliseconds(60'000));
        out_ = testing::read_file(said);
        return exit ? exit->code : -1;
    }

    testing::TempDir folder_;
    VolumeServer volume_;
    std::string out_;
    int calls_ = 0;
};

TEST_F(VolumeServerTest, WhatIsPutIsAFileOfTheWorkerAndComesBackListedAndGoes) {
    testing::write_file(folder_.path() / "a.txt", "hello");
    ASSERT_EQ(aws({"put-object", "--key", "inputs/a b+c.txt", "--body", "a.txt"}), 0) << out_;
    EXPECT_EQ(testing::read_file(volume_.folder() / "inputs" / "a b+c.txt"), "hello");
    testing::write_file(volume_.folder() / "inputs" / "of-a-worker.txt", "made there");
    ASSERT_EQ(aws({"list-objects-v2", "--prefix", "inputs/", "--query", "Contents[].Key"}), 0) << out_;
    EXPECT_NE(out_.find("inputs/a b+c.txt"), std::string::npos) << out_;
    EXPECT_NE(out_.find("inputs/of-a-worker.txt"), std::string::npos) << out_;
    ASSERT_EQ(aws({"get-object", "--key", "inputs/of-a-worker.txt", "--range", "bytes=5-9", "back.txt"}), 0)
        << out_;
    EXPECT_EQ(testing::read_file(folder_.path() / "back.txt"), "there");
    ASSERT_EQ(aws({"delete-object", "--key", "inputs/a b+c.txt"}), 0) << out_;
    EXPECT_FALSE(std::filesystem::exists(volume_.folder() / "inputs" / "a b+c.txt"));
    EXPECT_NE(aws({"head-object", "--key", "inputs/a b+c.txt"}), 0);
    EXPECT_NE(out_.find("404"), std::string::npos) << out_;
}

TEST_F(VolumeServerTest, AWrongSecretAndWhatRunPodDoesNotOfferAreRefused) {
    EXPECT_NE(aws({"list-objects-v2"}, "rps_another"), 0);
    EXPECT_NE(out_.find("SignatureDoesNotMatch"), std::string::npos) << out_;
    EXPECT_NE(aws({"delete-objects", "--delete", "Objects=[{Key=a}]"}), 0);
    EXPECT_NE(out_.find("NotImplemented"), std::string::npos) << out_;
}

}  // namespace
}  // namespace darkroom::e2e
