// What a graph needs is compared with what a server has before anything is sent; what a server says of its
// nodes is read as far as it can be.
#include "comfyui/preflight.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "comfyui/prompt.h"
#include "tests/support/manual_clock.h"

namespace darkroom::comfyui {
namespace {

boost::json::object graph(const std::string& checkpoint = "sd.safetensors") {
    return *read_graph(
        R"({"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":")" + checkpoint +
        R"x("}},"5":{"class_type":"Loader (fast)","inputs":{"lora_name_1":"a.pt","x":7}},)x"
        R"("9":{"class_type":"SaveImage","inputs":{"images":["4",0],"filename_prefix":"x"}}})");
}

class PreflightTest : public ::testing::Test {
protected:
    PreflightTest() {
        has("CheckpointLoaderSimple", R"([["sd.safetensors","b.ckpt"],{"tooltip":"x"}])", "ckpt_name");
        has("Loader (fast)", R"(["COMBO",{"options":["a.pt"],"multiselect":false}])", "lora_name_1");
        has("SaveImage", R"(["STRING",{"default":"x"}])", "filename_prefix");
    }
    void has(const std::string& class_type, const std::string& input, const std::string& name) {
        facts_[class_type] = *read_node_facts(
            "{\"" + class_type + R"(":{"input":{"required":{")" + name + "\":" + input + "}}}}", class_type);
    }
    std::optional<Trouble> examine(const boost::json::object& wanted) {
        auto lacks = preflight_.examine(wanted);
        EXPECT_TRUE(lacks);
        return lacks ? *lacks : std::nullopt;
    }

    std::map<std::string, NodeFacts> facts_;
    std::optional<CallError> broken_;
    int asked_ = 0;
    testing::ManualClock clock_;
    Preflight preflight_{[this](const std::string& class_type) -> Result<NodeFacts, CallError> {
                             ++asked_;
                             if (broken_) return Fail(*broken_);
                             return facts_[class_type];
                         },
                         clock_};
};

TEST_F(PreflightTest, AGraphWhoseNodesAndModelsAreThereMayGo) {
    EXPECT_FALSE(examine(graph()));
    EXPECT_EQ(asked_, 3);
    EXPECT_FALSE(examine(graph("b.ckpt")));
    EXPECT_EQ(asked_, 3) << "what is there is remembered";
    clock_.advance(Milliseconds(301'000));
    EXPECT_FALSE(examine(graph()));
    EXPECT_EQ(asked_, 6) << "but not for ever";
}

TEST_F(PreflightTest, AllThatIsMissingIsToldAtOnce) {
    facts_.erase("SaveImage");
    facts_["Loader (fast)"].models["lora_name_1"].clear();
    const auto lacks = examine(graph("none.ckpt"));
    ASSERT_TRUE(lacks);
    EXPECT_EQ(lacks->kind, TroubleKind::missing_node);
    EXPECT_EQ(lacks->what, "SaveImage");
    EXPECT_EQ(
        lacks->why,
        "the server has no node SaveImage; the server has no model ckpt_name: none.ckpt, lora_name_1: a.pt");
    EXPECT_EQ(job_error(*lacks).code, core::ErrorCode::model_unavailable);
}

TEST_F(PreflightTest, WhatIsMissingIsAskedForAgainSoon) {
    EXPECT_EQ(examine(graph("new.ckpt"))->kind, TroubleKind::missing_model);
    const auto asked = asked_;
    EXPECT_TRUE(examine(graph("new.ckpt")));
    EXPECT_EQ(asked_, asked) << "a batch of jobs does not have folders looked through for each";
    facts_["CheckpointLoaderSimple"].models["ckpt_name"].emplace_back("new.ckpt");
    EXPECT_TRUE(examine(graph("new.ckpt")));
    clock_.advance(Milliseconds(15'000));
    EXPECT_FALSE(examine(graph("new.ckpt")));
    preflight_.forget();
    facts_.erase("SaveImage");
    EXPECT_TRUE(examine(graph("new.ckpt"))) << "and at once where the server said otherwise";
}

TEST_F(PreflightTest, AServerThatDoesNotAnswerIsNoReasonToSayThatSomethingIsMissing) {
    broken_ = CallError{CallErrorKind::not_ready, "refused"};
    const auto lacks = preflight_.examine(graph());
    ASSERT_FALSE(lacks);
    EXPECT_EQ(lacks.error().kind, CallErrorKind::not_ready);
    broken_.reset();
    EXPECT_FALSE(examine(graph())) << "nothing of it is remembered";
}

TEST(NodeFacts, AnswersAreReadAsFarAsTheyCanBe) {
    EXPECT_FALSE(read_node_facts("{}", "X")->is_known);
    EXPECT_FALSE(read_node_facts("[]", "X"));
    EXPECT_FALSE(read_node_facts(R"({"X":{)", "X"));
    EXPECT_FALSE(read_node_facts("<html>524</html>", "X"));
    EXPECT_TRUE(read_node_facts(R"({"X":{}})", "X")->is_known);
    for (const auto* input : {R"(["MODEL"])", R"(["COMBO",{"remote":{}}])", "[]", "7", R"({"a":1})",
                              R"(["COMBO",7])", "null", R"(["COMBO"])"}) {
        const auto facts = read_node_facts(
            R"({"X":{"input":{"required":{"ckpt_name":)" + std::string(input) + R"(},"optional":[]}}})", "X");
        ASSERT_TRUE(facts) << input;
        EXPECT_TRUE(facts->models.empty()) << input << " names no files: nothing is missing there";
    }
    const auto odd = read_node_facts(
        R"({"X":{"input":{"optional":{"vae_name":[["a",1,null,NaN,"b"],{}],"image":[["p.png"],{}]}}}})", "X");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->models.at("vae_name"), (std::vector<std::string>{"a", "b"}));
    EXPECT_FALSE(odd->models.contains("image")) << "pictures are uploaded, not installed";
}

}  // namespace
}  // namespace darkroom::comfyui
