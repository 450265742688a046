// A client and a played ComfyUI for it. Pauses between tries are skipped, so that nobody sits them out.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <string>

#include "base/digest.h"
#include "comfyui/comfy_client.h"
#include "http/curl_client.h"
#include "tests/support/comfyui_server.h"
#include "tests/support/real_clock.h"
#include "tests/support/seeded_random.h"

namespace darkroom::comfyui {

/// Load, then save; `more` are further nodes, each with a comma in front.
inline std::string graph_of(const std::string& image, const std::string& more = {}) {
    return R"({"1":{"class_type":"LoadImage","inputs":{"image":")" + image +
           R"("}},"9":{"class_type":"SaveImage","_meta":{"title":"Result"},"inputs":{"images":["1",0],)"
           R"("filename_prefix":"ComfyUI"}})" +
           more + "}";
}

class ComfyTest : public ::testing::Test {
protected:
    static ComfySettings settings_for(const std::string& url) {
        ComfySettings settings;
        settings.base_url = url;
        settings.client_id = "dr-test";
        return settings;
    }
    // Whatever a test does, the client never does what a client must not.
    void TearDown() override {
        EXPECT_EQ(boost::json::serialize(server_.play(R"({"report":true})").at("fouls")), "[]");
    }

    void set(const std::string& switches) { server_.play(R"({"set":{)" + switches + "}}"); }
    std::int64_t told(std::string_view what, const PromptId& id) {
        const auto report = server_.play(R"({"report":true})");
        const auto* count = report.at(what).as_object().if_contains(id.str());
        return count == nullptr ? 0 : count->as_int64();
    }

    std::string upload() {
        const auto stored = client_.upload({{"in.png", "dr/a1", FileKind::input}, "image/png", "a picture"});
        EXPECT_TRUE(stored) << stored.error().detail;
        return stored ? input_name(*stored) : std::string{};
    }
    std::string graph(const std::string& more = {}) { return saving_in_own_folder(graph_of(upload(), more)); }
    static std::string saving_in_own_folder(const std::string& text) {
        auto read = read_graph(text);
        EXPECT_TRUE(read) << text;
        EXPECT_GE(set_save_folder(*read, folder), 0);
        return boost::json::serialize(*read);
    }
    PromptId submit(const std::string& text) {
        const auto id = random_.id<PromptId>();
        const auto outcome = client_.submit(id, text);
        const auto* unclear = std::get_if<PromptUnclear>(&outcome);
        EXPECT_TRUE(std::holds_alternative<PromptTaken>(outcome))
            << outcome.index() << (unclear != nullptr ? unclear->why : "");
        return id;
    }
    /// What came of it, once the server has nothing more to do.
    PromptEnd end_of(const PromptId& id) {
        server_.wait_until_idle();
        const auto seen = client_.look(id);
        EXPECT_TRUE(seen && seen->phase == PromptPhase::ended);
        return seen && seen->end ? *seen->end : PromptEnd{};
    }
    PromptEnd run(const std::string& more = {}) { return end_of(submit(graph(more))); }
    PromptPhase phase_of(const PromptId& id) {
        const auto seen = client_.look(id);
        EXPECT_TRUE(seen) << seen.error().detail;
        return seen ? seen->phase : PromptPhase::absent;
    }
    static TroubleKind kind_of(const PromptEnd& end) {
        EXPECT_TRUE(end.trouble.has_value());
        return end.trouble ? end.trouble->kind : TroubleKind::no_output;
    }

    static constexpr std::string_view folder = "dr/attempt-1";

    testing::ComfyuiServer server_;
    http::CurlClient http_;
    testing::RealClock clock_{testing::RealClock::Waits::skipped};
    testing::SeededRandom random_{5};
    ComfyClient client_{settings_for(server_.url()), http_, clock_};
};

}  // namespace darkroom::comfyui
