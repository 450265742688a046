#include "runpod/protocol/output_path.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::runpod {
namespace {

constexpr std::string_view prefix = "restored/JOB/ATTEMPT";

TEST(OutputPath, BelowTheAttemptsPrefixIsAKey) {
    for (const auto* path :
         {"/workspace/restored/JOB/ATTEMPT/out.png", "/runpod-volume/restored/JOB/ATTEMPT/out.png"})
        EXPECT_EQ(*key_of_path(path, prefix), "restored/JOB/ATTEMPT/out.png");
    EXPECT_EQ(*key_of_path("/workspace/restored/JOB/ATTEMPT/a%20b/%c3%a4.png", prefix),
              "restored/JOB/ATTEMPT/a b/\xc3\xa4.png");
    EXPECT_EQ(*check_reported_key("restored/JOB/ATTEMPT/out.png", prefix), "restored/JOB/ATTEMPT/out.png");
    EXPECT_EQ(*key_of_path(volume_path("restored/JOB/ATTEMPT/x"), prefix), "restored/JOB/ATTEMPT/x");
    EXPECT_EQ(*check_reported_key("restored/JOB/ATTEMPT/...", prefix), "restored/JOB/ATTEMPT/...");
}

// The corpus of paths and names, as paths and below the right prefix.
TEST(OutputPath, RefusesWhatIsNotCertainlyBelowThePrefix) {
    using E = OutputPathError;
    struct Case {
        std::string path;
        E error;
    };
    const std::string root = "/workspace/";
    const std::string own = root + std::string(prefix) + "/";
    const std::vector<Case> cases = {
        {"", E::unknown_root},
        {" ", E::unknown_root},
        {".", E::unknown_root},
        {"../x", E::unknown_root},
        {"..\\x", E::unknown_root},
        {"/etc/passwd", E::unknown_root},
        {"//host/x", E::unknown_root},
        {"C:\\x", E::unknown_root},
        {"\\\\?\\C:\\x", E::unknown_root},
        {"file:///etc/passwd", E::unknown_root},
        {"s3://other/x", E::unknown_root},
        {"out.png", E::unknown_root},
        {"/workspace", E::unknown_root},
        {"/Workspace/x", E::unknown_root},
        {"/workspace2/x", E::unknown_root},
        {"%2Fworkspace/x", E::unknown_root},
        {"/runpod-volumes/x", E::unknown_root},
        {" " + own + "x", E::unknown_root},
        {root, E::bad_part},
        {"/workspace/../../etc/passwd", E::bad_part},
        {"/workspace/..%2f..%2fetc", E::bad_part},
        {"/workspace//etc/passwd", E::bad_part},
        {"/workspace/%2e%2e/%2e%2e/etc", E::bad_part},
        {own, E::bad_part},
        {own + "../x", E::bad_part},
        {own + "./x", E::bad_part},
        {own + "x/..", E::bad_part},
        {own + "x/.", E::bad_part},
        {own + "x/", E::bad_part},
        {own + "x//y", E::bad_part},
        {own + "x/%2e%2E/y", E::bad_part},
        {own + "x%2F..%2Fy", E::bad_part},
        {own + "%2F", E::bad_part},
        {own + "%252e%252e/x", E::bad_encoding},
        {own + "%25", E::bad_encoding},
        {own + "%", E::bad_encoding},
        {own + "%2", E::bad_encoding},
        {own + "%zz", E::bad_encoding},
        {own + "%u002e", E::bad_encoding},
        {own + "x%00.txt", E::bad_character},
        {own + std::string("x\0y", 3), E::bad_character},
        {own + "x\ny", E::bad_character},
        {own + "a\r\nX: y", E::bad_character},
        {own + "\x1b[2J", E::bad_character},
        {own + "\x7f", E::bad_character},
        {own + "..\\x", E::bad_character},
        {own + "%5c..%5cx", E::bad_character},
        {own + "..%c0%af", E::bad_character},
        {own + "\xff", E::bad_character},
        {own + "\xed\xa0\x80", E::bad_character},
        {root + "restored/JOB/ATTEMPT", E::outside_prefix},
        {root + "restored/JOB/ATTEMPT2/x", E::outside_prefix},
        {root + "restored/JOB/attempt/x", E::outside_prefix},
        {root + "restored/OTHER/ATTEMPT/x", E::outside_prefix},
        {root + "x/restored/JOB/ATTEMPT/x", E::outside_prefix},
        {root + "inputs/job_OTHER.png", E::outside_prefix},
        {root + "workspace/restored/JOB/ATTEMPT/x", E::outside_prefix},
        {own + std::string(1024, 'x'), E::too_long},
        {std::string(65'536, '/'), E::too_long},
    };
    for (const auto& [path, error] : cases) {
        const auto key = key_of_path(path, prefix);
        ASSERT_FALSE(key.ok()) << path.substr(0, 80);
        EXPECT_EQ(key.error(), error) << path.substr(0, 80) << ": " << describe(key.error());
    }
    EXPECT_EQ(check_reported_key("/restored/JOB/ATTEMPT/x", prefix).error(), E::bad_part);
    EXPECT_EQ(check_reported_key("", prefix).error(), E::bad_part);
}

// Method: paths put together at random from the pieces that attacks are made of. Whatever is accepted has the
// prefix, and no part that leads out of it.
TEST(OutputPath, NeverLetsAPathOut) {
    const std::vector<std::string> pieces = {"/",
                                             "..",
                                             ".",
                                             "%2e",
                                             "%2f",
                                             "%5c",
                                             "\\",
                                             "%00",
                                             "%25",
                                             "x",
                                             "restored",
                                             "JOB",
                                             "ATTEMPT",
                                             "%2F",
                                             "\xff",
                                             "%c0%af",
                                             "restored/JOB/ATTEMPT/",
                                             "a b"};
    int accepted = 0;
    for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
        std::mt19937 random(seed);
        std::string path = random() % 2 == 0 ? "restored/JOB/ATTEMPT/" : "";
        for (std::uint32_t i = 0; i <= random() % 6; ++i) path += pieces[random() % pieces.size()];
        const auto key = check_reported_key(path, prefix);
        if (!key) continue;
        ++accepted;
        ASSERT_TRUE(key->starts_with("restored/JOB/ATTEMPT/")) << path;
        ASSERT_EQ(("/" + *key + "/").find("/../"), std::string::npos) << path;
        ASSERT_EQ(("/" + *key + "/").find("/./"), std::string::npos) << path;
        ASSERT_EQ(("/" + *key + "/").find("//"), std::string::npos) << path;
        ASSERT_EQ(key->find_first_of(std::string("\\%\0", 3)), std::string::npos) << path;
    }
    EXPECT_GT(accepted, 200);
}

}  // namespace
}  // namespace darkroom::runpod
