// Files beside the picture, through real pixel processes: masks and originals, good, wrong and hostile.
#include <map>

#include "imaging/pool/testing/pool_fixture.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using PicturePartsTest = PoolFixture<testing::TempDir>;

std::string bomb() {
    return testing::png_header(60'000, 60'000) + testing::png_chunk("IDAT", testing::stored_zlib("x")) +
           testing::png_chunk("IEND", "");
}

boost::json::object by_mask() { return {{"v", 1}, {"region", boost::json::object{{"mask", "mask"}}}}; }

TEST_F(PicturePartsTest, AMaskSaysWhatIsRemoved) {
    open(options());
    const auto picture = testing::stored_png(200, 160);
    const auto done =
        run_with_parts(picture, "object_remove", by_mask(), {{"mask", testing::stored_mask(200, 160)}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_NEAR(done->done.measures.at("region_share").as_double(), 40.0 * 40 / (200 * 160), 1e-6);
    ASSERT_EQ(done->files.size(), 3u);
    EXPECT_EQ(done->files[1].role, "mask");
    remove_files(done);
    expect_no_leftovers();
}

TEST_F(PicturePartsTest, MasksThatAreNoneEndTheJobWithACodeThatSaysWhatIsWrongAndTheProcessGoesOn) {
    open(options());
    const auto picture = testing::stored_png(200, 160);
    const auto good = testing::stored_mask(200, 160);
    const std::map<std::string, std::pair<std::string, ErrorCode>> masks = {
        {"other size", {testing::stored_mask(160, 200), ErrorCode::mask_size_mismatch}},
        {"a bomb", {bomb(), ErrorCode::input_too_large}},
        {"text", {"not a picture", ErrorCode::input_unsupported_format}},
        {"empty", {"", ErrorCode::input_unreadable}},
        {"cut off", {good.substr(0, good.size() / 2), ErrorCode::input_unreadable}},
        {"tiny", {testing::stored_mask(2, 2), ErrorCode::input_too_small}},
    };
    for (const auto& [what, mask] : masks) {
        const auto failed = run_with_parts(picture, "object_remove", by_mask(), {{"mask", mask.first}});
        ASSERT_FALSE(failed) << what;
        EXPECT_EQ(failed.error().code, mask.second) << what << ": " << failed.error().message;
        EXPECT_NE(failed.error().message.find("mask"), std::string::npos) << what << failed.error().message;
    }
    const auto missing = run(picture, "object_remove", by_mask());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::input_missing);
    const auto done = run_with_parts(picture, "object_remove", by_mask(), {{"mask", good}});
    EXPECT_TRUE(done) << done.error().message;
    remove_files(done);
    expect_no_leftovers();
}

TEST_F(PicturePartsTest, AForeignResultIsPutIntoItsOriginalAndAHostileOneIsTheResultsFault) {
    open(options());
    const auto original = testing::stored_png(200, 160);
    const auto mask = testing::stored_mask(200, 160);
    const auto name = std::string(composite_operation);
    const auto done = run_with_parts(testing::stored_png(100, 80), name, by_mask(),
                                     {{"original", original}, {"mask", mask}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files[0].width, 200u);
    EXPECT_EQ(done->done.warnings.at(0).at("code").as_string(), "result_resized");
    remove_files(done);
    for (const std::string& hostile :
         {std::string("no picture"), std::string(), original.substr(0, 5'000), bomb()}) {
        const auto failed =
            run_with_parts(hostile, name, by_mask(), {{"original", original}, {"mask", mask}});
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, ErrorCode::output_invalid) << failed.error().message;
    }
    const auto broken_original =
        run_with_parts(original, name, by_mask(), {{"original", "none"}, {"mask", mask}});
    ASSERT_FALSE(broken_original);
    EXPECT_EQ(broken_original.error().code, ErrorCode::input_unsupported_format);
    expect_no_leftovers();
}

TEST_F(PicturePartsTest, PreviewAndReportComeOnlyWhereTheyAreWantedAndThereIsSomethingToShow) {
    open(options());
    const auto photo = testing::stored_png(700, 700);
    const boost::json::object params{{"v", 1}, {"strict", false}, {"output_format", "jpeg"}};
    const auto roles = [](const PictureResult& result) {
        std::string all;
        for (const auto& file : result->files) all += file.role + " " + file.content_type + "\n";
        return all;
    };
    const auto plain = run_with_parts(photo, "white_bg_ecomm", params, {});
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(roles(plain), "main image/jpeg\nmask image/png\nthumbnail image/jpeg\n");
    remove_files(plain);
    const auto rich = run_with_parts(photo, "white_bg_ecomm", params, {}, true);
    ASSERT_TRUE(rich) << rich.error().message;
    EXPECT_EQ(roles(rich),
              "main image/jpeg\nmask image/png\npreview image/webp\nreport application/json\n"
              "thumbnail image/jpeg\n");
    EXPECT_EQ(rich->files[2].width, 625u);
    std::ifstream file(rich->files[3].path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_NE(text.find(R"("check":"background_exact")"), std::string::npos) << text;
    remove_files(rich);
    const auto small = run_with_parts(testing::stored_png(300, 300), "bg_remove", {{"v", 1}}, {}, true);
    ASSERT_TRUE(small) << small.error().message;
    EXPECT_EQ(small->files.size(), 3u) << "it is small enough to be its own preview";
    remove_files(small);
    expect_no_leftovers();
}

}  // namespace
}  // namespace darkroom::imaging
