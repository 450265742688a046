// `darkroom doctor` before a storage that is right, and before each way in which it can be wrong: one line
// names the cause, the exit code says whether it works, and no secret is ever in it.
#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"
#include "tests/e2e/cli_run.h"
#include "tests/e2e/fake_time.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

constexpr int unwell = 69;
class S3Doctor : public ::testing::Test {
protected:
    CliResult examine(const Settings& settings, std::vector<std::string> more = {"--plain"}) const {
        more.insert(more.begin(), "doctor");
        auto result = Cli(settings).run(more);
        for (const auto& [name, value] : settings) {
            if (name.find("SECRET") == std::string::npos) continue;
            EXPECT_EQ((result.out + result.err).find(value), std::string::npos) << result.out;
        }
        return result;
    }
    /// The lines that begin with this level.
    static std::vector<std::string> lines_of(const CliResult& result, const std::string& level) {
        std::vector<std::string> found;
        std::istringstream lines(result.out);
        for (std::string line; std::getline(lines, line);)
            if (line.rfind(level + "\t", 0) == 0) found.push_back(line);
        return found;
    }
    /// One fault, in one line, that names what to look at.
    static void expect_one_fault(const CliResult& result, const std::vector<std::string>& named) {
        EXPECT_EQ(result.code, unwell) << result.out << result.err;
        const auto faults = lines_of(result, "FAIL");
        ASSERT_EQ(faults.size(), 1u) << result.out;
        for (const auto& word : named) EXPECT_NE(faults[0].find(word), std::string::npos) << faults[0];
    }
    Settings with(const std::string& name, const std::string& value) const {
        auto settings = bucket.settings();
        settings[name] = value;
        return settings;
    }

    S3Bucket bucket;
};

TEST_F(S3Doctor, TriesARightStorageFromEndToEndAndLeavesNothing) {
    const auto result = examine(bucket.settings());
    EXPECT_EQ(result.code, 0) << result.out << result.err;
    EXPECT_TRUE(lines_of(result, "FAIL").empty()) << result.out;
    EXPECT_TRUE(lines_of(result, "warn").empty()) << result.out;
    for (const auto* step :
         {"region", "clock", "put", "get", "list", "presigned get", "presigned put", "privacy", "delete"})
        EXPECT_NE(result.out.find("ok\tstorage " + std::string(step) + "\t"), std::string::npos)
            << step << "\n"
            << result.out;
    EXPECT_NE(result.err.find("All is well."), std::string::npos) << result.err;
    EXPECT_TRUE(bucket.keys().empty());

    const auto json = parse_json(examine(bucket.settings(), {"--json"}).out);
    ASSERT_TRUE(json.ok());
    for (const auto& finding : items_at(*json, "/findings"))
        EXPECT_EQ(text_at(finding, "/level"), "ok") << finding;
    EXPECT_GT(items_at(*json, "/findings").size(), 9u);
}

TEST_F(S3Doctor, NamesAWrongSecret) {
    expect_one_fault(examine(with("AWS_SECRET_ACCESS_KEY", "not-the-secret-of-this-key")),
                     {"SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"});
}

TEST_F(S3Doctor, NamesAnUnknownAccessKey) {
    expect_one_fault(examine(with("AWS_ACCESS_KEY_ID", "nobody:here")), {"AWS_ACCESS_KEY_ID"});
}

TEST_F(S3Doctor, NamesAMissingBucket) {
    expect_one_fault(examine(with("S3_BUCKET", "no-such-bucket")),
                     {"NoSuchBucket", "no-such-bucket", "S3_BUCKET"});
}

TEST_F(S3Doctor, NamesAnEndpointWhereNobodyListens) {
    bucket.proxy().set_door(testing::FaultProxy::Door::refuse);
    expect_one_fault(examine(bucket.proxied_settings()),
                     {"S3_ENDPOINT", std::to_string(bucket.proxy().port())});
}

TEST_F(S3Doctor, NamesTheRegionToSetWhereItCouldBeLearned) {
    const auto result = examine(with("AWS_REGION", "eu-central-1"));
    EXPECT_EQ(result.code, 0) << result.out << "it works all the same";
    const auto warnings = lines_of(result, "warn");
    ASSERT_EQ(warnings.size(), 1u) << result.out;
    EXPECT_NE(warnings[0].find("set AWS_REGION"), std::string::npos) << warnings[0];
    EXPECT_NE(warnings[0].find(bucket.server().region()), std::string::npos) << warnings[0];
}

TEST_F(S3Doctor, TellsThatAVolumeSignsNoLinks) {
    const auto result = examine(bucket.volume_settings());
    EXPECT_EQ(result.code, 0) << result.out;
    const auto warnings = lines_of(result, "warn");
    ASSERT_EQ(warnings.size(), 1u) << result.out;
    EXPECT_NE(warnings[0].find("relayed through Darkroom"), std::string::npos) << warnings[0];
    EXPECT_TRUE(bucket.keys().empty());

    auto wrong = bucket.volume_settings();
    wrong["RUNPOD_S3_SECRET_KEY"] = "rps_not-the-secret-of-this-key";
    expect_one_fault(examine(wrong), {"RUNPOD_S3_SECRET_KEY"});
}

TEST_F(S3Doctor, LooksAtAVolumeBesideTheBucketToo) {
    auto settings = bucket.volume_settings();
    settings.erase("DARKROOM_STORAGE");
    settings["RUNPOD_NETWORK_VOLUME_ID"] = "no-such-volume";
    settings.merge(bucket.settings());
    const auto result = examine(settings);
    expect_one_fault(result, {"volume", "RUNPOD_NETWORK_VOLUME_ID"});
    EXPECT_NE(result.out.find("ok\tstorage delete\t"), std::string::npos) << "the bucket is fine";
}

TEST_F(S3Doctor, NamesAClockThatIsTwoHoursOffAndWorksAllTheSame) {
    if (!can_fake_time()) GTEST_SKIP() << "faketime is not installed, or cannot be loaded first";
    for (const auto& [offset, side] : {std::pair("-2h", "behind"), std::pair("+2h", "ahead of")}) {
        SCOPED_TRACE(offset);
        auto settings = bucket.settings();
        settings.merge(time_moved_by(offset));
        const auto result = examine(settings);
        EXPECT_EQ(result.code, 0) << result.out;
        const auto warnings = lines_of(result, "warn");
        ASSERT_EQ(warnings.size(), 1u) << result.out;
        EXPECT_EQ(warnings[0].rfind("warn\tstorage clock\t", 0), 0u) << warnings[0];
        EXPECT_NE(warnings[0].find(side), std::string::npos) << warnings[0];
        EXPECT_NE(warnings[0].find("NTP"), std::string::npos) << warnings[0];
    }
}

}  // namespace
}  // namespace darkroom::e2e
