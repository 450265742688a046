// A gateway whose work goes to a played ComfyUI, and photos to be restored there by the recipe that ships.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/e2e/api_client.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"
#include "tests/support/comfyui_server.h"

namespace darkroom::e2e {

class PodTest : public ::testing::Test {
protected:
    explicit PodTest(testing::ComfyuiPlan plan = {}, const Settings& more = {})
        : pod_(plan), server_(settings_for(pod_.url(), more)) {}

    static Settings settings_for(const std::string& url, const Settings& more) {
        Settings settings = {{"COMFYUI_MODE", "pod"}, {"COMFYUI_URL", url + ";name=desk;max=4"}};
        for (const auto& [name, value] : more) settings[name] = value;
        return settings;
    }
    // Whatever a test does, nothing is done that a client of ComfyUI must not do.
    void TearDown() override {
        EXPECT_EQ(boost::json::serialize(report().at("fouls")), "[]");
        if (HasFailure()) std::fprintf(stderr, "--- gateway ---\n%s", server_.log().c_str());
    }

    void set(const std::string& switches) { pod_.play(R"({"set":{)" + switches + "}}"); }
    boost::json::object report() { return pod_.play(R"({"report":true})"); }
    /// How often each prompt was posted to this life of the pod, or run there.
    std::map<std::string, std::int64_t> counts(std::string_view what) {
        std::map<std::string, std::int64_t> all;
        const auto told = report();
        for (const auto& [id, count] : told.at(what).as_object()) all[id] = count.as_int64();
        return all;
    }
    std::string create(std::uint32_t seed = 0, const std::string& params = "{}") {
        return server_.client().create_with("restore", disc_png(96, 64, seed), params);
    }
    boost::json::value ended(const std::string& id) {
        return server_.client().ended_job(id, Milliseconds(90'000));
    }
    boost::json::value restored(std::uint32_t seed = 0) { return ended(create(seed)); }

    static void expect_restored(const boost::json::value& job, int attempts = 1) {
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        EXPECT_EQ(number_at(job, "/attempt_count"), attempts) << job;
        EXPECT_EQ(text_at(job, "/attempts/" + std::to_string(attempts - 1) + "/backend"), "pod");
        EXPECT_FALSE(text_at(job, "/outputs/0/url").empty());
    }
    static void expect_done_here(const boost::json::value& job, const std::string& first_error) {
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        EXPECT_EQ(text_at(job, "/attempts/0/backend"), "pod");
        EXPECT_EQ(text_at(job, "/attempts/0/error/code"), first_error) << job;
        EXPECT_EQ(text_at(job, "/attempts/1/backend"), "local");
        EXPECT_EQ(number_at(job, "/attempt_count"), 2);
    }
    std::string picture_of(const boost::json::value& job) {
        return server_.client().get(target_of(text_at(job, "/outputs/0/url"))).body();
    }

    testing::ComfyuiServer pod_;
    ServerProcess server_;
};

}  // namespace darkroom::e2e
