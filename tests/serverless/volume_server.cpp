#include "tests/serverless/volume_server.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace darkroom::e2e {

VolumeServer::VolumeServer() {
    const auto said = folder_.path() / "said.json";
    testing::ChildPlan plan;
    plan.program = DR_VOLUME_SERVER_SCRIPT;
    plan.arguments = {"--dir", folder().string()};
    plan.working_dir = folder_.path();
    plan.out_file = said;
    plan.err_file = folder_.path() / "err";
    process_ = std::make_unique<testing::ChildProcess>(plan);
    const auto line = [&] { return testing::read_file(said); };
    EXPECT_TRUE(eventually([&] { return line().ends_with('\n'); }, Milliseconds(60'000)))
        << testing::read_file(plan.err_file);
    const auto ready = parse_json(line());
    if (!ready) return;
    settings_ = {{"RUNPOD_NETWORK_VOLUME_ID", text_at(*ready, "/volume")},
                 {"RUNPOD_S3_ENDPOINT", text_at(*ready, "/endpoint")},
                 {"RUNPOD_S3_REGION", text_at(*ready, "/region")},
                 {"RUNPOD_S3_ACCESS_KEY", text_at(*ready, "/access_key")},
                 {"RUNPOD_S3_SECRET_KEY", text_at(*ready, "/secret_key")}};
}

}  // namespace darkroom::e2e
