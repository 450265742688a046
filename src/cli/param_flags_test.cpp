#include "cli/param_flags.h"

#include <gtest/gtest.h>

#include <vector>

#include "cli/json_text.h"

namespace darkroom::cli {
namespace {

std::string params(std::vector<std::string> flags) {
    const auto params = params_from_flags(flags);
    return params ? json_text(*params) : "error: " + params.error();
}

TEST(ParamFlags, ValuesAreJsonWhereTheyCanBe) {
    EXPECT_EQ(params({}), "{}");
    EXPECT_EQ(params({"crop=true", "tolerance=8.5", "margin=[0,0.1,0,0.1]", "seed=null"}),
              R"({"crop":true,"tolerance":8.5,"margin":[0,0.1,0,0.1],"seed":null})");
    EXPECT_EQ(params({R"(halo={"mode":"strong"})"}), R"({"halo":{"mode":"strong"}})");
    EXPECT_EQ(params({R"(recipe="5")"}), R"({"recipe":"5"})") << "quotes make a string of a number";
}

TEST(ParamFlags, EverythingElseIsAString) {
    EXPECT_EQ(params({"edges=fine", "background=#ff00aa"}), R"({"edges":"fine","background":"#ff00aa"})");
    EXPECT_EQ(params({"a=", "b=x=y", "c=NaN", "d=007", "e=[1,", "f=TRUE"}),
              R"({"a":"","b":"x=y","c":"NaN","d":"007","e":"[1,","f":"TRUE"})");
    EXPECT_EQ(params({"name=Größe"}), R"({"name":"Größe"})");
}

TEST(ParamFlags, DotsMakeObjects) {
    EXPECT_EQ(params({"halo.mode=strong", "halo.shrink_px=1", "shadow.light.x=-0.5"}),
              R"({"halo":{"mode":"strong","shrink_px":1},"shadow":{"light":{"x":-0.5}}})");
    EXPECT_EQ(params({R"(halo={"mode":"off"})", "halo.feather_px=2"}),
              R"({"halo":{"mode":"off","feather_px":2}})");
}

TEST(ParamFlags, WhatContradictsItselfIsRefused) {
    EXPECT_EQ(params({"a=1", "a=2"}), "error: -p a=2: this key is given twice");
    EXPECT_EQ(params({"halo=true", "halo.mode=off"}),
              "error: -p halo.mode=off: halo has been given a value of its own already");
    EXPECT_EQ(params({"halo.mode=off", "halo=true"}), "error: -p halo=true: this key is given twice");
}

TEST(ParamFlags, KeysAreChecked) {
    EXPECT_EQ(params({"crop"}), "error: -p crop: expected key=value");
    for (const auto* flag : {"=1", ".a=1", "a.=1", "a..b=1"}) {
        EXPECT_EQ(params({flag}),
                  std::string("error: -p ") + flag + ": the key is empty or has an empty part");
    }
    EXPECT_EQ(params({"a b=1"}),
              "error: -p a b=1: a key is made of letters, digits, - and _, with dots between parts");
    std::string deep = "a";
    for (int i = 0; i < 20; ++i) deep += ".a";
    EXPECT_EQ(params({deep + "=1"}), "error: -p " + deep + "=1: the key has too many parts");
}

TEST(ParamFlags, BytesThatAreNotTextNeverLeaveThisMachine) {
    EXPECT_EQ(params({"a=\xff"}), "error: -p a=�: the value holds characters that are not text in UTF-8");
    EXPECT_EQ(params({"a=x\x1by"}), "error: -p a=x�y: the value holds characters that are not text in UTF-8");
}

}  // namespace
}  // namespace darkroom::cli
