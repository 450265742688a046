// What is said of ComfyUI pods is checked as a whole before anything is sent there, and no message repeats
// what may be a secret.
#include "app/pod_settings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/settings.h"

namespace darkroom::app {
namespace {

using Values = std::map<std::string, std::string>;

Result<Settings, SettingProblems> read(Values values) {
    return read_settings(Environment(std::move(values)));
}

SettingProblems problems_of(Values values) {
    auto settings = read(std::move(values));
    return settings ? SettingProblems{} : settings.error();
}

Values runpod(const Values& more = {}) {
    Values values = {{"RUNPOD_API_KEY", "rpa_secret_0123456789"},
                     {"RUNPOD_ENDPOINT_ID", "ep1;gpu=RTX 4090"},
                     {"RUNPOD_ENDPOINT_BASE_URL", "http://127.0.0.1:9999/v2"},
                     {"S3_BUCKET", "pictures"},
                     {"AWS_ACCESS_KEY_ID", "AK"},
                     {"AWS_SECRET_ACCESS_KEY", "SK"}};
    for (const auto& [name, value] : more) values[name] = value;
    return values;
}

TEST(PodSettings, AnAddressIsEnough) {
    const auto settings = read({{"COMFYUI_MODE", "pod"}, {"COMFYUI_URL", "http://127.0.0.1:8188/"}});
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    ASSERT_EQ(settings->pods.size(), 1u);
    EXPECT_EQ(settings->pods[0].url, "http://127.0.0.1:8188");
    EXPECT_EQ(settings->pods[0].name, "127.0.0.1-8188");
    EXPECT_EQ(settings->pods[0].inflight_max, 2);
    EXPECT_EQ(settings->backends(), (std::vector<std::string>{"pod", "local"}));
    EXPECT_TRUE(settings->notes.empty());
}

TEST(PodSettings, EachPodHasItsNameShareLimitAndLogin) {
    const auto pods = parse_pods(
        "http://10.0.0.7:8188;name=desk;max=3 , https://abc-8188.proxy.runpod.net; weight=2; bearer=s3cret; "
        "header=X-API-Key: k1; header=X-Other: a b; token=t0; node_key=nk,");
    ASSERT_TRUE(pods) << pods.error()[0];
    ASSERT_EQ(pods->size(), 2u);
    EXPECT_EQ((*pods)[0].name, "desk");
    EXPECT_EQ((*pods)[0].inflight_max, 3);
    const auto& cloud = (*pods)[1];
    EXPECT_EQ(cloud.name, "abc-8188.proxy.runpod.net");
    EXPECT_EQ(cloud.weight, 2);
    EXPECT_EQ(
        cloud.headers,
        (ports::HttpFields{{"Authorization", "Bearer s3cret"}, {"X-API-Key", "k1"}, {"X-Other", "a b"}}));
    EXPECT_EQ(cloud.query, (ports::HttpFields{{"token", "t0"}}));
    EXPECT_EQ(cloud.api_node_key, "nk");
}

TEST(PodSettings, TheModeSaysWhichComesFirstAndTheOthersAreThereToo) {
    const auto both = [](const std::string& mode) {
        return read(runpod({{"COMFYUI_MODE", mode}, {"COMFYUI_URL", "http://127.0.0.1:8188"}}));
    };
    using Kinds = std::vector<std::string>;
    EXPECT_EQ(both("pod")->backends(), (Kinds{"pod", "serverless", "local"}));
    EXPECT_EQ(both("serverless")->backends(), (Kinds{"serverless", "pod", "local"}));
    EXPECT_EQ(both("local")->backends(), (Kinds{"local"})) << "nothing leaves this machine";
    EXPECT_EQ(both("")->backends(), (Kinds{"serverless", "pod", "local"}));
    EXPECT_EQ(read({{"COMFYUI_URL", "http://127.0.0.1:8188"}})->backends(), (Kinds{"pod", "local"}));
}

TEST(PodSettings, RunpodThatIsSetUpInPartKeepsNoPodFromStarting) {
    auto values = runpod({{"COMFYUI_MODE", "pod"}, {"COMFYUI_URL", "http://127.0.0.1:8188"}});
    values.erase("S3_BUCKET");
    const auto settings = read(values);
    ASSERT_TRUE(settings.ok()) << settings.error()[0];
    EXPECT_FALSE(settings->runpod.is_used());
    EXPECT_EQ(settings->runpod.api_key, "rpa_secret_0123456789") << "for what earlier runs left there";
    EXPECT_TRUE(std::any_of(settings->notes.begin(), settings->notes.end(), [](const auto& note) {
        return note.find("not used beside the pods: COMFYUI_MODE=serverless needs a storage") !=
               std::string::npos;
    }));
}

TEST(PodSettings, PodByNameWithoutAnAddressIsSaid) {
    const auto problems = problems_of({{"COMFYUI_MODE", "pod"}});
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].rfind("COMFYUI_URL must be set", 0), 0u) << problems[0];
    EXPECT_NE(problems_of({{"COMFYUI_MODE", "pods"}}).at(0).find("serverless, pod or local"),
              std::string::npos);
}

TEST(PodSettings, EndpointsOfAllBackendsHaveNamesOfTheirOwn) {
    const auto problems =
        problems_of(runpod({{"COMFYUI_MODE", "pod"}, {"COMFYUI_URL", "http://127.0.0.1:8188;name=ep1"}}));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_NE(problems[0].find("as an endpoint at RunPod is called"), std::string::npos) << problems[0];
}

TEST(PodSettings, EveryMistakeIsSaidAndNoSecretIs) {
    const std::vector<std::pair<std::string, std::string>> mistakes = {
        {"", "names no pod"},
        {" , ,", "names no pod"},
        {"127.0.0.1:8188", "begins with an address"},
        {"ftp://host:8188", "begins with an address"},
        {"http://user:s3cret@host:8188", "begins with an address"},
        {"http://host:8188?token=s3cret", "begins with an address"},
        {"http://a;name=x y", "name= must be"},
        {"http://a;name=local", "this machine's own backend"},
        {"http://a;weight=0", "weight= must be a whole number"},
        {"http://a;max=2001", "max= must be a whole number"},
        {"http://a;max=2;max=3", "says max= twice"},
        {"http://a;bearer=", "says bearer without a value"},
        {"http://a;bearer=s3cret;s3cret", "has a part without ="},
        {"http://a;header=s3cret", "header= must be a header"},
        {"http://a;header=Origin: s3cret", "header= must be a header"},
        {"http://a;header=X Y: s3cret", "header= must be a header"},
        {"http://a;bearer=s3cret\r\nX: y", "holds what cannot be sent"},
        {"http://a;waight=2", "did you mean weight=?"},
        {"http://a,http://a/", "names http://a twice"},
        {"http://a;name=x,http://b;name=x", "calls two pods x"},
        {std::string(20'000, 'x'), "is longer than"},
    };
    for (const auto& [text, said] : mistakes) {
        const auto pods = parse_pods(text);
        ASSERT_FALSE(pods) << text;
        EXPECT_NE(pods.error().at(0).find(said), std::string::npos) << pods.error().at(0);
        EXPECT_EQ(pods.error().at(0).find("s3cret"), std::string::npos) << pods.error().at(0);
    }
    std::string many;
    for (int i = 0; i < 33; ++i) many += "http://h" + std::to_string(i) + ",";
    EXPECT_EQ(parse_pods(many).error().at(0), "names more than 32 pods");
}

}  // namespace
}  // namespace darkroom::app
