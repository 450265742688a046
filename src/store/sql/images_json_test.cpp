// Pictures survive the way into their JSON columns and back, and nothing else comes out of them.
#include "store/sql/images_json.h"

#include <gtest/gtest.h>

#include "store/sql/sql_failure.h"

namespace darkroom::store {
namespace {

TEST(ImagesJson, PicturesComeBackAsTheyWere) {
    const core::InputImage input{.name = "a \"b\" \\ \n\xC3\xA9.png",
                                 .key = core::ObjectKey::uploaded(UploadId(), "png"),
                                 .content_type = "image/png",
                                 .bytes = UINT64_MAX,
                                 .width = UINT32_MAX,
                                 .height = 0,
                                 .sha256 = "ab",
                                 .version = "\"etag\"-\xC3\xA9"};
    EXPECT_EQ(input_from_json(to_json(input)), input);
    EXPECT_EQ(inputs_from_json(to_json(std::vector{input, input})), (std::vector{input, input}));
    EXPECT_TRUE(inputs_from_json(to_json(std::vector<core::InputImage>())).empty());
    const core::OutputImage output{
        .role = "mask", .key = {}, .content_type = "", .bytes = 0, .width = 1, .height = 2, .sha256 = ""};
    EXPECT_EQ(outputs_from_json(to_json(std::vector{output})), (std::vector{output}));
}

TEST(ImagesJson, WhatAChainShowsComesBackAsItWas) {
    const std::vector<core::ChainOutput> shown = {{"shop", "main", "main"},
                                                  {"cut \"1\"\n", "mask", "cut.mask"}};
    EXPECT_EQ(chain_outputs_from_json(to_json(shown)), shown);
    EXPECT_TRUE(chain_outputs_from_json(to_json(std::vector<core::ChainOutput>())).empty());
    for (const char* const text : {"", "{}", "[1]", "[{}]", R"([{"step":"a","step_role":1,"role":""}])"})
        EXPECT_THROW((void)chain_outputs_from_json(text), SqlFailure) << text;
}

TEST(ImagesJson, APictureFromBeforeObjectsHadVersionsHasNone) {
    const std::string old =
        R"({"name":"a","key":"","content_type":"image/png","bytes":1,"width":2,"height":3,"sha256":"ab"})";
    EXPECT_EQ(input_from_json(old).version, "");
    EXPECT_EQ(to_json(input_from_json(old)), old);
}

TEST(ImagesJson, WhatDarkroomCannotHaveWrittenIsDamage) {
    for (
        const char* const text :
        {"", "{", "{}", "[1]", "[{}]", "null", R"([{"name":1}])",
         R"([{"name":"a","key":"../../etc/passwd","content_type":"","bytes":0,"width":0,"height":0,"sha256":""}])",
         R"([{"name":"a","key":"","content_type":"","bytes":-1,"width":0,"height":0,"sha256":""}])",
         R"([{"name":"a","key":"","content_type":"","bytes":0,"width":4294967296,"height":0,"sha256":""}])",
         R"([{"name":"a","key":"","content_type":"","bytes":0,"width":0,"height":0,"sha256":"","version":7}])"}) {
        EXPECT_THROW((void)inputs_from_json(text), SqlFailure) << text;
    }
}

}  // namespace
}  // namespace darkroom::store
