#include "comfyui/run_graph.h"

#include <gmock/gmock.h>

namespace darkroom::comfyui {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string graph(const std::string& image, const std::string& prefix) {
    return R"({"1":{"class_type":"LoadImage","inputs":{"image":")" + image +
           R"("}},"9":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":")" + prefix +
           R"("}}})";
}

RunGraph made(const std::string& workflow, const std::map<std::string, std::string>& names = {},
              const std::map<std::string, std::string>& roles = {}) {
    auto result = make_run_graph(workflow, "dr/run-1", names, roles);
    EXPECT_TRUE(result) << (result ? "" : result.error().why);
    return result ? *std::move(result) : RunGraph{};
}

TEST(RunGraph, PutsFilesIntoTheRunsOwnFolderUnderTheirOwnNames) {
    const auto run = made(graph("in.png", "portraits/2026/face"));
    EXPECT_THAT(run.graph_json, HasSubstr(R"("filename_prefix":"dr/run-1/face")"));
    EXPECT_EQ(run.saving_nodes, 1);
    EXPECT_EQ(run.folder_of_node.at("9"), "portraits/2026");
}

TEST(RunGraph, CallsFilesByTheirRole) {
    const auto run = made(graph("in.png", "portraits/face"), {}, {{"9", "main"}});
    EXPECT_THAT(run.graph_json, HasSubstr(R"("dr/run-1/main")"));
}

TEST(RunGraph, RenamesInputsThatAreExactlyTheName) {
    const auto run = made(graph("in.png", "in.png and more"), {{"in.png", "dr/run-1/in0-in.png"}});
    EXPECT_THAT(run.graph_json, HasSubstr(R"("image":"dr/run-1/in0-in.png")"));
    EXPECT_THAT(run.graph_json, HasSubstr(R"("dr/run-1/in.png_and_more")")) << "no part of a text is changed";
}

TEST(RunGraph, MakesNoPathOfWhatAWorkflowCallsItsFiles) {
    for (const std::string prefix :
         {"../../etc/x", "/etc/x", "%date:yyyy%/x", "a//b/../x", "....//x", "~/x", "a\\\\b/x"}) {
        const auto run = made(graph("in.png", prefix));
        EXPECT_THAT(run.graph_json, HasSubstr(R"("dr/run-1/x")")) << prefix;
        const auto found = run.folder_of_node.find("9");
        const auto folder = found == run.folder_of_node.end() ? std::string() : "/" + found->second + "/";
        EXPECT_THAT(folder, Not(HasSubstr(".."))) << prefix;
        EXPECT_THAT(folder, Not(HasSubstr("//"))) << prefix;
        EXPECT_THAT(folder, Not(HasSubstr("%"))) << prefix;
    }
    EXPECT_THAT(made(graph("in.png", "..")).graph_json, HasSubstr("dr/run-1/_"));
    EXPECT_THAT(made(graph("in.png", "a/")).graph_json, HasSubstr(R"("dr/run-1/n9")"));
    EXPECT_EQ(plain_name(std::string(1000, 'x')).size(), 64U);
}

TEST(RunGraph, RefusesWhatIsNoWorkflow) {
    for (const std::string text : {"", "[]", "{}", "{", R"({"1":5})", R"({"1":{"inputs":{}}})",
                                   R"({"nodes":[],"links":[],"last_node_id":3})"}) {
        const auto result = make_run_graph(text, "dr/run-1", {}, {});
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().kind, TroubleKind::bad_graph);
    }
    EXPECT_EQ(made(R"({"1":{"class_type":"LoadImage","inputs":{"filename":"a"}}})").saving_nodes, 0);
}

}  // namespace
}  // namespace darkroom::comfyui
