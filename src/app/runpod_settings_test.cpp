// What is said of RunPod is checked as a whole before anything is sent there: a mistake costs a line, never a
// GPU.
#include "app/runpod_settings.h"

#include <gtest/gtest.h>

#include "app/runpod_endpoints.h"
#include "app/settings.h"

namespace darkroom::app {
namespace {

using Values = std::map<std::string, std::string>;

Values near_runpod(const Values& more = {}) {
    Values values = {{"RUNPOD_API_KEY", "rpa_secret_0123456789"},
                     {"RUNPOD_ENDPOINT_ID", "ep1;gpu=NVIDIA GeForce RTX 4090"},
                     {"RUNPOD_ENDPOINT_BASE_URL", "http://127.0.0.1:9999/v2/"},
                     {"S3_BUCKET", "pictures"},
                     {"AWS_ACCESS_KEY_ID", "AK"},
                     {"AWS_SECRET_ACCESS_KEY", "SK"}};
    for (const auto& [name, value] : more) values[name] = value;
    return values;
}

Values real_runpod(const Values& more = {}) {
    auto values = near_runpod({{"BACKEND_BASE_URL", "https://pictures.example.com"}});
    values.erase("RUNPOD_ENDPOINT_BASE_URL");
    for (const auto& [name, value] : more) values[name] = value;
    return values;
}

Result<Settings, SettingProblems> read(Values values) {
    return read_settings(Environment(std::move(values)));
}

SettingProblems problems_of(Values values) {
    auto settings = read(std::move(values));
    return settings ? SettingProblems{} : settings.error();
}

TEST(RunpodSettings, AKeyAndAnEndpointAreEnoughForServerless) {
    const auto settings = read(real_runpod());
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    const auto& runpod = settings->runpod;
    ASSERT_TRUE(runpod.is_used());
    EXPECT_EQ(runpod.base_url, "https://api.runpod.ai/v2");
    EXPECT_EQ(runpod.rest_url, "https://api.runpod.io/v2");
    EXPECT_FALSE(runpod.is_near);
    ASSERT_EQ(runpod.endpoints.size(), 1u);
    EXPECT_EQ(runpod.endpoints[0].id, "ep1");
    EXPECT_EQ(runpod.endpoints[0].name, "ep1");
    EXPECT_EQ(runpod.endpoints[0].inflight_max, 10);
    EXPECT_EQ(runpod.endpoints[0].micro_usd_per_second, 310);
    EXPECT_FALSE(runpod.endpoints[0].volume.has_value());
    EXPECT_EQ(runpod.queue_budget, Milliseconds(86'400'000));
    EXPECT_FALSE(runpod.daily_cap_micro_usd.has_value());
    EXPECT_FALSE(runpod.scale.has_value());
    EXPECT_TRUE(settings->notes.empty());
}

TEST(RunpodSettings, APlayedRunpodNearbyNeedsNoPublicAddress) {
    const auto settings = read(near_runpod());
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    EXPECT_TRUE(settings->runpod.is_near);
    EXPECT_EQ(settings->runpod.rest_url, settings->runpod.base_url);
    EXPECT_EQ(settings->runpod.base_url, "http://127.0.0.1:9999/v2");
}

TEST(RunpodSettings, WithoutAKeyOrAnEndpointJobsRunHereAndItIsSaid) {
    const std::vector<std::pair<Values, std::string>> halves = {
        {{}, "No RunPod key is set"},
        {{{"RUNPOD_ENDPOINT_ID", "ep1"}}, "No RunPod key is set"},
        {{{"RUNPOD_API_KEY", "rpa_x"}}, "RUNPOD_API_KEY is set and RUNPOD_ENDPOINT_ID is not"}};
    for (const auto& [values, note] : halves) {
        const auto settings = read(values);
        ASSERT_TRUE(settings.ok()) << note;
        EXPECT_FALSE(settings->runpod.is_used());
        ASSERT_EQ(settings->notes.size(), 1u) << note;
        EXPECT_EQ(settings->notes[0].rfind(note, 0), 0u) << settings->notes[0];
    }
}

TEST(RunpodSettings, ServerlessByNameNamesEverythingThatIsMissing) {
    const auto problems = problems_of({{"COMFYUI_MODE", "serverless"}});
    ASSERT_EQ(problems.size(), 4u);
    EXPECT_EQ(problems[0].rfind("RUNPOD_API_KEY must be set", 0), 0u);
    EXPECT_EQ(problems[1].rfind("RUNPOD_ENDPOINT_ID must be set", 0), 0u);
    EXPECT_EQ(problems[2].rfind("COMFYUI_MODE=serverless needs a storage", 0), 0u);
    EXPECT_EQ(problems[3].rfind("BACKEND_BASE_URL must be set", 0), 0u);
}

TEST(RunpodSettings, LocalByNameSendsNothingThoughRunpodIsSet) {
    const auto settings = read(real_runpod({{"COMFYUI_MODE", "local"}, {"MAX_INFLIGHT", "3"}}));
    ASSERT_TRUE(settings.ok());
    EXPECT_FALSE(settings->runpod.is_used());
    EXPECT_EQ(settings->inflight_max, 3);
    EXPECT_EQ(settings->runpod.api_key, "rpa_secret_0123456789") << "for what earlier runs left there";
}

TEST(RunpodEndpointWords, SayWhatWorkersAreAndHowTheySeeTheVolume) {
    const auto list = parse_runpod_endpoints(
        "ep1;worker=volume_files;inputs=/runpod-volume/inputs/;outputs=ComfyUI/output/;mount=/data/vol,"
        "ep2;worker=worker_comfyui,ep3");
    ASSERT_TRUE(list.ok()) << list.error()[0];
    EXPECT_EQ((*list)[0].worker, "volume_files");
    EXPECT_EQ((*list)[0].inputs, "/runpod-volume/inputs/");
    EXPECT_EQ((*list)[0].outputs, "ComfyUI/output");
    EXPECT_EQ((*list)[0].mount, "/data/vol/");
    EXPECT_EQ((*list)[1].worker, "worker_comfyui");
    EXPECT_EQ((*list)[2].worker, "");
    for (const auto* wrong :
         {"worker=comfy", "worker=volume-files", "worker=", "inputs=a b", "inputs=../x", "outputs=/outputs",
          "outputs=a//b", "mount=data", "mount=/", "mount=/a;mount=/b"})
        EXPECT_FALSE(parse_runpod_endpoints(std::string("ep1;") + wrong)) << wrong;
    EXPECT_NE(parse_runpod_endpoints("ep1;worker=volume-files").error()[0].find("did you mean volume_files?"),
              std::string::npos);
}

TEST(RunpodSettings, EndpointsAreDarkroomsOwnOrOthersNotBoth) {
    const auto kinds = [](const std::string& endpoints) {
        const auto settings = read(real_runpod({{"RUNPOD_ENDPOINT_ID", endpoints}}));
        return settings ? settings->kinds_of_workflows_only() : std::vector<std::string>{settings.error()[0]};
    };
    using Kinds = std::vector<std::string>;
    EXPECT_EQ(kinds("ep1"), Kinds());
    EXPECT_EQ(kinds("ep1,ep2;worker=darkroom"), Kinds());
    EXPECT_EQ(kinds("ep1;worker=volume_files"), Kinds{"serverless"});
    EXPECT_EQ(kinds("ep1;worker=volume_files,ep2;worker=worker_comfyui"), Kinds{"serverless"});
    const auto problems = problems_of(
        real_runpod({{"RUNPOD_ENDPOINT_ID", "ep1,ep2;worker=worker_comfyui,ep3;worker=volume_files"}}));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0],
              "RUNPOD_ENDPOINT_ID names endpoints of two kinds: ep2 (worker=worker_comfyui) runs workflows "
              "only, and ep1 (worker=auto) gets what is built in as well; give each kind a gateway of its "
              "own.");
}

TEST(RunpodSettings, MaxInflightIsEachEndpointsUnlessItHasItsOwn) {
    const auto settings =
        read(real_runpod({{"MAX_INFLIGHT", "500"}, {"RUNPOD_ENDPOINT_ID", "ep1,ep2;max=7"}}));
    ASSERT_TRUE(settings.ok());
    ASSERT_EQ(settings->runpod.endpoints.size(), 2u);
    EXPECT_EQ(settings->runpod.endpoints[0].inflight_max, 500);
    EXPECT_EQ(settings->runpod.endpoints[1].inflight_max, 7);
    EXPECT_EQ(settings->admission_window, 507) << "so that one user alone can keep both busy";
    EXPECT_LE(settings->inflight_max, 256) << "this machine keeps to its cores";
}

TEST(RunpodSettings, EndpointsOfSeveralDataCentersHaveAVolumeEach) {
    auto values =
        real_runpod({{"RUNPOD_ENDPOINT_ID",
                      " ep1 ; name=eu-cz ; weight=2;volume=vol1;region=EU-CZ-1;gpu=RTX 4090;price=0.00031 , "
                      "ep2;name=us;volume=vol2;region=US-KS-2,"},
                     {"RUNPOD_S3_ACCESS_KEY", "user_x"},
                     {"RUNPOD_S3_SECRET_KEY", "rps_x"}});
    values.erase("S3_BUCKET");
    const auto settings = read(values);
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    const auto& [first, second] =
        std::tie(settings->runpod.endpoints.at(0), settings->runpod.endpoints.at(1));
    EXPECT_EQ(first.name, "eu-cz");
    EXPECT_EQ(first.weight, 2);
    EXPECT_EQ(first.gpu, "RTX 4090");
    EXPECT_EQ(first.micro_usd_per_second, 310);
    ASSERT_TRUE(first.volume && second.volume);
    EXPECT_EQ(first.volume->bucket, "vol1");
    EXPECT_EQ(first.volume->endpoint, "https://s3api-eu-cz-1.runpod.io");
    EXPECT_EQ(first.volume->region, "EU-CZ-1");
    EXPECT_EQ(second.volume->endpoint, "https://s3api-us-ks-2.runpod.io");
    EXPECT_EQ(second.volume->access_key, "user_x");
}

TEST(RunpodSettings, TheVolumeOfAllStaysOneWhereAnEndpointNamesItAgain) {
    const auto settings = read(real_runpod(
        {{"RUNPOD_ENDPOINT_ID",
          "ep1;volume=vol1;region=EU-CZ-1,ep2;volume=vol2;region=EU-CZ-1,ep3;volume=vol1;region=US-KS-2"},
         {"RUNPOD_NETWORK_VOLUME_ID", "vol1"},
         {"RUNPOD_S3_REGION", "EU-CZ-1"},
         {"RUNPOD_S3_ACCESS_KEY", "a"},
         {"RUNPOD_S3_SECRET_KEY", "b"}}));
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    ASSERT_TRUE(settings->storage.volume);
    const auto& endpoints = settings->runpod.endpoints;
    EXPECT_FALSE(endpoints.at(0).volume) << "that of all";
    ASSERT_TRUE(endpoints.at(1).volume && endpoints.at(2).volume);
    EXPECT_EQ(endpoints[1].volume->bucket, "vol2");
    EXPECT_EQ(endpoints[2].volume->region, "US-KS-2") << "the same name elsewhere is another volume";
}

TEST(RunpodSettings, AServerOfOnesOwnStandsForEveryDataCenter) {
    const auto settings = read(real_runpod({{"RUNPOD_ENDPOINT_ID", "ep1;volume=vol1;region=EU-CZ-1"},
                                            {"RUNPOD_S3_ENDPOINT", "http://127.0.0.1:9000"},
                                            {"RUNPOD_S3_ACCESS_KEY", "a"},
                                            {"RUNPOD_S3_SECRET_KEY", "b"}}));
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    EXPECT_EQ(settings->runpod.endpoints[0].volume->endpoint, "http://127.0.0.1:9000");
}

TEST(RunpodSettings, AStorageThatWorkersCannotReachStopsTheStart) {
    auto values = real_runpod();
    values.erase("S3_BUCKET");
    auto problems = problems_of(values);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_NE(problems[0].find("S3_BUCKET"), std::string::npos);
    EXPECT_NE(problems[0].find("RUNPOD_NETWORK_VOLUME_ID"), std::string::npos);
    values.insert({{"RUNPOD_NETWORK_VOLUME_ID", "vol"},
                   {"RUNPOD_S3_REGION", "EU-CZ-1"},
                   {"RUNPOD_S3_ACCESS_KEY", "user_x"},
                   {"RUNPOD_S3_SECRET_KEY", "rps_x"},
                   {"DARKROOM_STORAGE", "fs"}});
    EXPECT_TRUE(read(values).ok()) << "pictures at home, a volume beside them for the workers";
}

TEST(RunpodSettings, MoneyAndScaleAreRead) {
    const auto settings = read(real_runpod({{"DARKROOM_DAILY_SPEND_CAP_USD", "7.5"},
                                            {"DARKROOM_SCALE", "1-5"},
                                            {"DARKROOM_QUEUE_BUDGET_S", "600"},
                                            {"CALLBACK_SECRET", "0123456789abcdef"},
                                            {"CALLBACK_SECRET_OLD", "fedcba9876543210"}}));
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    EXPECT_EQ(settings->runpod.daily_cap_micro_usd, 7'500'000);
    EXPECT_EQ(settings->runpod.scale->workers_min, 1);
    EXPECT_EQ(settings->runpod.scale->workers_max, 5);
    EXPECT_EQ(settings->runpod.queue_budget, Milliseconds(600'000));
    ASSERT_EQ(settings->runpod.callback_secrets.size(), 2u);
    EXPECT_EQ(settings->runpod.callback_secrets[0].key(), "0123456789abcdef");
}

TEST(RunpodSettings, EveryWrongValueIsOneLineThatNamesItsSettingAndNotTheSecret) {
    const std::string huge(100'000, 'x');
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"COMFYUI_MODE", "pods"},
        {"COMFYUI_MODE", "Serverless"},
        {"RUNPOD_API_KEY", "rpa_top secret"},
        {"RUNPOD_API_KEY", "rpa_secret\nX-Other: y"},
        {"RUNPOD_API_KEY", huge},
        {"RUNPOD_ENDPOINT_BASE_URL", "api.runpod.ai/v2"},
        {"RUNPOD_ENDPOINT_BASE_URL", "https://user:secret@api.runpod.ai/v2"},
        {"RUNPOD_ENDPOINT_BASE_URL", "https://api.runpod.ai/v2?x=1"},
        {"RUNPOD_REST_URL", "ftp://x"},
        {"RUNPOD_REST_URL", huge},
        {"BACKEND_BASE_URL", "http://192.168.1.2"},
        {"BACKEND_BASE_URL", "https://localhost"},
        {"BACKEND_BASE_URL", "https://" + std::string(2'000, 'a') + ".example.com"},
        {"MAX_INFLIGHT", "0"},
        {"MAX_INFLIGHT", "2001"},
        {"CALLBACK_SECRET", "short"},
        {"CALLBACK_SECRET", "whsec_!!!"},
        {"CALLBACK_SECRET_OLD", "0123456789abcdef"},
        {"DARKROOM_QUEUE_BUDGET_S", "9"},
        {"DARKROOM_QUEUE_BUDGET_S", "604800"},
        {"DARKROOM_DAILY_SPEND_CAP_USD", "0"},
        {"DARKROOM_DAILY_SPEND_CAP_USD", "-5"},
        {"DARKROOM_DAILY_SPEND_CAP_USD", "1e3"},
        {"DARKROOM_DAILY_SPEND_CAP_USD", "$20"},
        {"DARKROOM_SCALE", "on"},
        {"DARKROOM_SCALE", "5"},
        {"DARKROOM_SCALE", "5-"},
        {"DARKROOM_SCALE", "-5"},
        {"DARKROOM_SCALE", "5-3"},
        {"DARKROOM_SCALE", "0-0"},
        {"DARKROOM_SCALE", "0-5x"},
        {"DARKROOM_SCALE", "0-99999999999"},
    };
    for (const auto& [name, value] : wrong) {
        auto values = real_runpod();
        values[name] = value;
        const auto problems = problems_of(values);
        const auto told = name + "=" + value.substr(0, 40);
        ASSERT_EQ(problems.size(), 1u) << told;
        EXPECT_EQ(problems[0].rfind(name + " ", 0), 0u) << problems[0].substr(0, 200);
        EXPECT_EQ(problems[0].find("secret"), std::string::npos) << told;
    }
}

TEST(RunpodSettings, EveryMistakeInTheListOfEndpointsIsOneShortLine) {
    const std::string huge(100'000, 'x');
    const std::vector<std::string> wrong = {
        ",",
        " , ;,",
        "ep/1",
        "ep 1",
        "..",
        ";name=x",
        "ep1,ep1",
        "ep1;name=a,ep2;name=a",
        "ep1,ep2;name=ep1",
        "ep1;name=",
        "ep1;name",
        "ep1;name=local",
        "ep1;name=a b",
        "ep1;name=a;name=b",
        "ep1;wieght=2",
        "ep1;colour=red",
        "ep1;=2",
        "ep1;weight=0",
        "ep1;weight=1001",
        "ep1;weight=2.5",
        "ep1;max=0",
        "ep1;max=99999999999999",
        "ep1;max=+3",
        "ep1;price=free",
        "ep1;price=0.0000001",
        "ep1;price=2",
        "ep1;price=-1",
        "ep1;price=1.",
        "ep1;volume=../other",
        "ep1;volume=vol",  // no region anywhere
        "ep1;region=EU-CZ-1",
        "ep1;volume=v;region=a.b/c",
        "ep1;gpu=caf\xc3\xa9",
        "ep1;gpu=" + std::string(65, 'g'),
        std::string("ep1;gpu=\x1b[31m"),
        huge,
        "ep1;name=" + std::string(15'000, 'n'),
    };
    for (const auto& text : wrong) {
        const auto problems = problems_of(real_runpod({{"RUNPOD_ENDPOINT_ID", text}}));
        ASSERT_EQ(problems.size(), 1u) << text.substr(0, 60) << (problems.empty() ? "" : problems[0]);
        EXPECT_EQ(problems[0].rfind("RUNPOD_ENDPOINT_ID ", 0), 0u) << problems[0];
        EXPECT_LT(problems[0].size(), 300u);
        for (const char c : problems[0]) EXPECT_NE(c, '\x1b');
    }
    const auto both = problems_of(real_runpod({{"RUNPOD_ENDPOINT_ID", "ep1;wieght=2;max=x,e/p"}}));
    ASSERT_EQ(both.size(), 3u);
    EXPECT_EQ(both[0], "RUNPOD_ENDPOINT_ID of ep1 says \"wieght\"; did you mean weight=?");
    std::string many;
    for (int i = 0; i < 33; ++i) many += "ep" + std::to_string(i) + ",";
    EXPECT_EQ(problems_of(real_runpod({{"RUNPOD_ENDPOINT_ID", many}})).size(), 1u);
}

TEST(RunpodSettings, APriceThatNobodyKnowsIsSaidAndStopsACap) {
    for (const auto* endpoint : {"ep1", "ep1;gpu=Voodoo 2"}) {
        const auto settings = read(real_runpod({{"RUNPOD_ENDPOINT_ID", endpoint}}));
        ASSERT_TRUE(settings.ok()) << endpoint;
        EXPECT_EQ(settings->runpod.endpoints[0].micro_usd_per_second, 0);
        ASSERT_EQ(settings->notes.size(), 1u);
        EXPECT_NE(settings->notes[0].find("price="), std::string::npos);
        EXPECT_EQ(problems_of(
                      real_runpod({{"RUNPOD_ENDPOINT_ID", endpoint}, {"DARKROOM_DAILY_SPEND_CAP_USD", "20"}}))
                      .size(),
                  1u);
    }
    EXPECT_TRUE(read(real_runpod({{"DARKROOM_DAILY_SPEND_CAP_USD", "20"}})).ok());
}

TEST(RunpodSettings, DollarsAreReadExactly) {
    EXPECT_EQ(parse_usd("0.00031"), 310);
    EXPECT_EQ(parse_usd("0.000001"), 1);
    EXPECT_EQ(parse_usd("20"), 20'000'000);
    EXPECT_EQ(parse_usd("1000000000"), 1'000'000'000'000'000);
    for (const auto* text : {"", ".", ".5", "5.", "1,5", "1e3", "-1", "+1", "0.0000001", "1000000001",
                             "99999999999999999999", "1 ", "0x1"})
        EXPECT_EQ(parse_usd(text), std::nullopt) << text;
}

TEST(RunpodSettings, NearbyIsWhatNoPublicNameLeadsTo) {
    for (const auto* url :
         {"http://127.0.0.1:9000/v2", "http://[::1]:1", "http://localhost:8081/v2", "http://10.1.2.3",
          "http://endpoint:8080", "https://gpu.internal", "http://box.local", "http://169.254.1.1"})
        EXPECT_TRUE(leads_nearby(url)) << url;
    for (const auto* url : {"https://api.runpod.ai/v2", "https://8.8.8.8", "https://internal.example.com",
                            "no address", "", "https://localhost.example.com"})
        EXPECT_FALSE(leads_nearby(url)) << url;
}

}  // namespace
}  // namespace darkroom::app
