// Wrong settings stop the start with a line each; none at all is a working configuration.
#include "app/settings.h"

#include <gtest/gtest.h>

namespace darkroom::app {
namespace {

Result<Settings, SettingProblems> read(std::map<std::string, std::string> values) {
    return read_settings(Environment(std::move(values)));
}

TEST(Settings, NothingHasToBeSet) {
    const auto settings = read({});
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->listen_address, "127.0.0.1");
    EXPECT_EQ(settings->listen_port, 8080);
    EXPECT_EQ(settings->data_dir, "./darkroom-data");
    EXPECT_GE(settings->inflight_max, 1);
    ASSERT_EQ(settings->notes.size(), 1u);
    EXPECT_NE(settings->notes[0].find("No RunPod key"), std::string::npos);
}

TEST(Settings, ValuesAreRead) {
    const auto settings = read({{"DARKROOM_LISTEN", "[::1]:0"},
                                {"MAX_INFLIGHT", "7"},
                                {"COMFYUI_MODE", "local"},
                                {"DARKROOM_HEIC", "off"},
                                {"BACKEND_BASE_URL", "https://pictures.example.com/"},
                                {"DARKROOM_RUN_TIMEOUT_S", "30"}});
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->listen_address, "::1");
    EXPECT_EQ(settings->listen_port, 0);
    EXPECT_EQ(settings->inflight_max, 7);
    EXPECT_FALSE(settings->heic);
    EXPECT_EQ(settings->base_url, "https://pictures.example.com");
    EXPECT_EQ(settings->run_timeout, Milliseconds(30'000));
    EXPECT_TRUE(settings->notes.empty());
}

TEST(Settings, EveryWrongValueIsOneLineThatNamesIt) {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"DARKROOM_LISTEN", "8080"},
        {"DARKROOM_LISTEN", "127.0.0.1:99999"},
        {"DARKROOM_LISTEN", ":80"},
        {"DARKROOM_LISTEN", "a:b"},
        {"MAX_INFLIGHT", "0"},
        {"MAX_INFLIGHT", "-1"},
        {"MAX_INFLIGHT", "two"},
        {"MAX_INFLIGHT", "99999999999999999999"},
        {"DARKROOM_HEIC", "maybe"},
        {"DARKROOM_MAX_PIXELS", "1e6"},
        {"BACKEND_BASE_URL", "ftp://x"},
        {"BACKEND_BASE_URL", "http://user@x"},
        {"COMFYUI_MODE", "pods"},
        {"DARKROOM_LOG_LEVEL", "loud"},
        {"CRON_SECRET", "short"},
        {"DARKROOM_RUN_TIMEOUT_S", "0"},
        {"DARKROOM_METRICS_TOKEN", "short"},
        {"DARKROOM_METRICS_PUBLIC", "yes"},
        {"DARKROOM_METRICS_USERS", "101"},
        {"DARKROOM_ADMISSION_WINDOW", "0"},
        {"DARKROOM_ADMISSION_WINDOW", "10001"},
    };
    for (const auto& [name, value] : wrong) {
        const auto settings = read({{name, value}});
        ASSERT_FALSE(settings.ok()) << name << "=" << value;
        ASSERT_EQ(settings.error().size(), 1u) << name << "=" << value;
        EXPECT_EQ(settings.error()[0].rfind(name, 0), 0u) << settings.error()[0];
    }
    EXPECT_EQ(read({{"DARKROOM_HEIC", "x"}, {"MAX_INFLIGHT", "x"}}).error().size(), 2u);
}

TEST(Settings, OneUserMayKeepAllEndpointsOfAKindBusyUnlessTheWindowSaysLess) {
    std::string pods;
    for (int i = 0; i < 30; ++i)
        pods += (i > 0 ? "," : "") + ("http://10.0.0.7:" + std::to_string(8'000 + i));
    EXPECT_EQ(read({{"COMFYUI_URL", pods}})->admission_window, 64);
    EXPECT_EQ(read({{"COMFYUI_URL", pods}, {"MAX_INFLIGHT", "5"}})->admission_window, 150);
    EXPECT_EQ(read({{"COMFYUI_URL", pods}, {"DARKROOM_ADMISSION_WINDOW", "10"}})->admission_window, 10);
    EXPECT_EQ(read({})->admission_window, 64);
}

TEST(Settings, ASecretThatIsWrongIsNotRepeated) {
    const auto settings = read({{"DARKROOM_API_KEY", "hunter2"}});
    ASSERT_FALSE(settings.ok());
    EXPECT_EQ(settings.error()[0].find("hunter2"), std::string::npos);
}

TEST(Settings, AMistypedNameIsNoticed) {
    const auto settings = read({{"DARKROOM_DATADIR", "/x"}});
    ASSERT_FALSE(settings.ok());
    EXPECT_EQ(settings.error()[0], "DARKROOM_DATADIR is not a setting; did you mean DARKROOM_DATA_DIR?");
}

TEST(Settings, AStorageThatIsSetByHalfIsSaidNotToBeUsed) {
    const std::vector<std::pair<std::string, std::string>> halves = {
        {"S3_ENDPOINT", "S3_ENDPOINT is set and S3_BUCKET is not"},
        {"RUNPOD_NETWORK_VOLUME_ID", "RUNPOD_NETWORK_VOLUME_ID is set and RUNPOD_S3_ACCESS_KEY is not"},
        {"RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_ACCESS_KEY is set and RUNPOD_NETWORK_VOLUME_ID is not"},
    };
    for (const auto& [set, note] : halves) {
        const auto settings = read({{"COMFYUI_MODE", "local"}, {set, "https://x"}});
        ASSERT_TRUE(settings.ok()) << set;
        EXPECT_EQ(settings->storage.kind, StorageKind::files);
        ASSERT_EQ(settings->notes.size(), 1u) << set;
        EXPECT_TRUE(settings->notes[0].starts_with(note)) << settings->notes[0];
    }
}

TEST(Settings, AVolumeWithoutAnythingIsToldInOneGo) {
    const auto settings = read({{"DARKROOM_STORAGE", "runpod-volume"}});
    ASSERT_FALSE(settings.ok());
    EXPECT_EQ(settings.error().size(), 4u) << "region, volume, both keys";
}

}  // namespace
}  // namespace darkroom::app
