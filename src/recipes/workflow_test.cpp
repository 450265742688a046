#include "recipes/workflow.h"

#include <gmock/gmock.h>

#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using testing::HasSubstr;

std::string code_of(std::string_view text) {
    const auto workflow = Workflow::parse(text);
    return workflow ? "taken" : workflow.error().code;
}

TEST(Workflow, WhatOtherToolsWrapAroundAGraphIsTakenOff) {
    const auto graph = fixture::workflow;
    for (const auto& text :
         {graph, R"({"prompt":)" + graph + R"(,"client_id":"x"})", R"({"workflow":)" + graph + "}",
          R"({"workflow_api":)" + graph + "}", R"({"output":)" + graph + "}",
          R"({"input":{"workflow":)" + graph + R"(,"images":[]}})",
          R"({"input":{"workflow_api":)" + graph + "}}"}) {
        const auto workflow = Workflow::parse(text);
        ASSERT_TRUE(workflow.ok()) << workflow.error().detail;
        EXPECT_EQ(workflow->nodes().size(), 5u);
    }
}

TEST(Workflow, NodesMayBeCalledLikeAWrapping) {
    const auto workflow = Workflow::parse(
        R"({"prompt":{"class_type":"A","inputs":{}},"input":{"class_type":"B","inputs":{}}})");
    ASSERT_TRUE(workflow.ok());
    EXPECT_EQ(workflow->nodes().size(), 2u);
}

TEST(Workflow, WhatIsNoWorkflowIsToldApart) {
    EXPECT_EQ(code_of(""), "workflow_not_json");
    EXPECT_EQ(code_of("{"), "workflow_not_json");
    EXPECT_EQ(code_of(fixture::workflow.substr(0, 100)), "workflow_not_json");
    EXPECT_EQ(code_of(R"({"1":{"class_type":"A","inputs":{}},"1":{"class_type":"B","inputs":{}}})"),
              "workflow_not_json");
    EXPECT_EQ(code_of(std::string(100'000, '[')), "workflow_not_json");
    EXPECT_EQ(code_of(std::string(workflow_bytes_max + 1, ' ')), "workflow_not_json");
    EXPECT_EQ(code_of("[]"), "workflow_not_object");
    EXPECT_EQ(code_of("null"), "workflow_not_object");
    EXPECT_EQ(code_of("{}"), "workflow_invalid");
    EXPECT_EQ(code_of(R"({"1":{"class_type":"A"}})"), "workflow_invalid");
    EXPECT_EQ(code_of(R"({"1":{"class_type":5,"inputs":{}}})"), "workflow_invalid");
    EXPECT_EQ(code_of(R"({"1":"A"})"), "workflow_invalid");
    EXPECT_EQ(code_of(R"({"":{"class_type":"A","inputs":{}}})"), "workflow_invalid");
    EXPECT_EQ(code_of(R"({"nodes":[],"links":[]})"), "workflow_format_ui");
    EXPECT_EQ(code_of(R"({"last_node_id":3,"nodes":[]})"), "workflow_format_ui");
    EXPECT_EQ(code_of(R"({"workflow":{"last_node_id":3,"nodes":[]}})"), "workflow_format_ui");
}

TEST(Workflow, AGraphWithTooManyNodesIsRefused) {
    std::string text = "{";
    for (std::size_t i = 0; i <= workflow_nodes_max; ++i)
        text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"class_type":"A","inputs":{}})";
    EXPECT_EQ(code_of(text + "}"), "workflow_invalid");
}

TEST(Workflow, WrongNodesAreNamedButNotAllOfMany) {
    std::string text = R"({"good":{"class_type":"A","inputs":{}})";
    for (int i = 0; i < 9; ++i) text += ",\"bad" + std::to_string(i) + "\":1";
    const auto workflow = Workflow::parse(text + "}");
    ASSERT_FALSE(workflow.ok());
    EXPECT_THAT(workflow.error().detail, HasSubstr("\"bad4\" and others"));
}

TEST(Workflow, PointersAreReadAsRfc6901Says) {
    auto workflow =
        Workflow::parse(R"({"a/b~c":{"class_type":"A","inputs":{"x/y":1,"list":{"__value__":[7,8]}}}})");
    ASSERT_TRUE(workflow.ok());
    const auto pointer = workflow->resolve("/a~1b~0c/inputs/x~1y");
    ASSERT_TRUE(pointer.ok());
    EXPECT_EQ(pointer->text(), "/a~1b~0c/inputs/x~1y");
    EXPECT_EQ(*workflow->at(*pointer), 1);
    const auto deep = workflow->resolve("/a~1b~0c/inputs/list/__value__/1");
    ASSERT_TRUE(deep.ok());
    EXPECT_EQ(*workflow->at(*deep), 8);
    workflow->set(*deep, 9);
    EXPECT_EQ(*workflow->at(*deep), 9);
    EXPECT_EQ(workflow->at(*workflow->resolve("/a~1b~0c/inputs/list/__value__/2")), nullptr);
    EXPECT_EQ(workflow->at(*workflow->resolve("/a~1b~0c/inputs/list/__value__/-1")), nullptr);
    EXPECT_EQ(workflow->at(*workflow->resolve("/a~1b~0c/inputs/x~1y/z")), nullptr);
}

TEST(Workflow, OnlyInputsOfNodesCanBeAddressed) {
    const auto workflow = Workflow::parse(fixture::workflow);
    for (const auto* address :
         {"", "/", "/3", "/3/inputs", "/3/inputs/", "/3/class_type", "/3/_meta/title", "3/inputs/seed",
          "title:Sampler", "title:Sampler/_meta/title", "/title:Sampler/inputs/seed"}) {
        const auto pointer = workflow->resolve(address);
        ASSERT_FALSE(pointer.ok()) << address;
        EXPECT_EQ(pointer.error().code, "pointer_invalid") << address;
    }
}

TEST(Workflow, LiteralsCanBeBoundAndLinksCannot) {
    const auto workflow = Workflow::parse(fixture::workflow);
    std::vector<std::string> pointers;
    for (const auto& input : workflow->bindable_inputs()) pointers.push_back(input.pointer.text());
    EXPECT_THAT(pointers, testing::ElementsAre("/3/inputs/seed", "/3/inputs/denoise", "/3/inputs/steps",
                                               "/4/inputs/ckpt_name", "/6/inputs/text",
                                               "/60/inputs/filename_prefix", "/78/inputs/image"));
}

}  // namespace
}  // namespace darkroom::recipes
