// An operator changes what is set while jobs are at RunPod: they are looked after where they were sent,
// whatever is configured now.
#include <gtest/gtest.h>

#include "tests/e2e/cli_run.h"
#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

class ChangedSettings : public ::testing::Test {
protected:
    Settings settings(const std::string& endpoints) {
        auto all = world.bucket().settings();
        all["RUNPOD_API_KEY"] = "local-client-key";
        all["RUNPOD_ENDPOINT_ID"] = endpoints;
        all["RUNPOD_ENDPOINT_BASE_URL"] = world.endpoint().base();
        all["RUNPOD_REST_URL"] = world.endpoint().base();
        all["CALLBACK_SECRET"] = world.secret();
        return all;
    }
    /// A job that is at the endpoint, where no worker has taken it.
    std::string sent_job() {
        auto id = world.client().create_with("bg_remove", disc_png(96, 64));
        EXPECT_TRUE(eventually([&] {
            const auto all = world.remote_jobs();
            return all.size() == 1 && text_at(all[0], "/state") == "submitted";
        }));
        return id;
    }
    void restart_with(Settings changed) {
        EXPECT_EQ(world.server().terminate().code, 0);
        world.server().start(std::move(changed));
        (void)world.start_worker();
    }

    World world{{.workers = 0}};
};

TEST_F(ChangedSettings, JobsComeBackToAGatewayThatSendsNoMore) {
    const auto id = sent_job();
    auto local = settings("ep-local");
    local["COMFYUI_MODE"] = "local";
    restart_with(local);
    const auto job = world.client().ended_job(id);
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(text_at(job, "/attempts/0/backend"), "serverless");
    EXPECT_EQ(number_at(job, "/attempt_count"), 1);
    const auto next = world.client().ended_job(world.client().create_with("bg_remove", disc_png(48, 48)));
    EXPECT_EQ(text_at(next, "/attempts/0/backend"), "local") << "and new ones stay here";
    EXPECT_EQ(world.remote_jobs().size(), 1u);
}

TEST_F(ChangedSettings, JobsComeBackFromAnEndpointThatHasAnotherNameNow) {
    const auto id = sent_job();
    restart_with(settings("ep-local;name=renamed;gpu=L4"));
    EXPECT_EQ(text_at(world.client().ended_job(id), "/status"), "SUCCEEDED");
    const auto next = world.client().ended_job(world.client().create_with("bg_remove", disc_png(48, 48)));
    EXPECT_EQ(text_at(next, "/attempts/0/endpoint"), "renamed");
}

TEST_F(ChangedSettings, WithoutAKeyTheOperatorIsToldWhoWaits) {
    (void)sent_job();
    EXPECT_EQ(world.server().terminate().code, 0);
    world.server().start(world.bucket().settings());
    EXPECT_NE(world.server().log().find("jobs were left at RunPod and nobody can look after them: set "
                                        "RUNPOD_API_KEY"),
              std::string::npos)
        << world.server().log();
    EXPECT_EQ(world.client().get("/readyz").status, 200) << "everything else works";
}

TEST_F(ChangedSettings, TheServerSaysWhatItIsSetTo) {
    EXPECT_NE(world.server().log().find("backend serverless (desk 16 at once), local ("), std::string::npos);
    EXPECT_NE(world.server().log().find("Webhooks   " + world.server().url() + "/webhooks/"),
              std::string::npos);
}

TEST_F(ChangedSettings, DoctorTriesTheEndpointAndNamesARefusedKeyOnce) {
    auto right = settings("ep-local;name=desk;gpu=L4");
    const auto well = Cli(right).run({"doctor", "--plain"});
    EXPECT_EQ(well.code, 0) << well.out << well.err;
    EXPECT_NE(well.out.find("ok\tendpoint desk\t"), std::string::npos) << well.out;
    right["RUNPOD_API_KEY"] = "another-key";
    const auto refused = Cli(right).run({"doctor", "--plain"});
    EXPECT_EQ(refused.code, 69);
    EXPECT_NE(refused.out.find("FAIL\tRunPod key\tRUNPOD_API_KEY is refused"), std::string::npos)
        << refused.out;
    EXPECT_EQ(refused.out.find("another-key"), std::string::npos);
    const auto missing = Cli(settings("ep-other")).run({"doctor", "--plain"});
    EXPECT_NE(missing.out.find("FAIL\tendpoint ep-other\tthere is no endpoint ep-other"), std::string::npos)
        << missing.out;
}

TEST_F(ChangedSettings, TheCommandLineChoosesTheBackendAndTellsTheCosts) {
    (void)world.start_worker();
    const Cli cli({{"DARKROOM_URL", world.server().url()}, {"DARKROOM_API_KEY", world.server().key()}});
    const auto here = cli.put("here.png", disc_png(48, 48)).string();
    const auto there = cli.put("there.png", disc_png(64, 48)).string();
    const auto local = cli.run({"run", "bg_remove", here, "--backend", "local", "--json"});
    EXPECT_EQ(local.code, 0) << local.err;
    EXPECT_NE(local.out.find(R"("backend":"local")"), std::string::npos);
    const auto remote = cli.run({"run", "bg_remove", there, "--json"});
    EXPECT_EQ(remote.code, 0) << remote.err;
    EXPECT_NE(remote.out.find(R"("backend":"serverless")"), std::string::npos);
    ASSERT_TRUE(eventually([&] { return text_at(world.remote_jobs().at(0), "/ended_as") == "succeeded"; }));
    const auto costs = cli.run({"costs", "--plain"});
    EXPECT_EQ(costs.code, 0) << costs.err;
    EXPECT_NE(costs.out.find("\tbg_remove\tdesk\t1\t"), std::string::npos) << costs.out;
    const auto nowhere = cli.run({"run", "bg_remove", here, "--backend", "pod"});
    EXPECT_EQ(nowhere.code, 1);
    EXPECT_NE(nowhere.err.find("backend \"pod\""), std::string::npos) << nowhere.err;
}

TEST_F(ChangedSettings, ARunWithoutAServerStaysOnThisMachine) {
    const Cli cli(settings("ep-local"));
    const auto run = cli.run({"run", "bg_remove", cli.put("shoe.png", disc_png(48, 48)).string(), "--json"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find(R"("backend":"local")"), std::string::npos) << run.out;
}

}  // namespace
}  // namespace darkroom::e2e
