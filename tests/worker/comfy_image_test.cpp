// The image of a worker with a ComfyUI: what can be said of it without building it, and its start script run
// with a played ComfyUI in ComfyUI's place.
#include <algorithm>
#include <set>

#include "tests/support/process_table.h"
#include "tests/worker/comfy_world.h"

namespace darkroom::worker_test {
namespace {

using runpod::JobState;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::filesystem::path repository = DR_REPOSITORY;
const std::filesystem::path image = repository / "deploy/comfyui-worker.Dockerfile";

/// Instructions, each with its continued lines joined and without comments.
std::vector<std::string> instructions_of(const std::filesystem::path& file) {
    std::vector<std::string> all;
    std::istringstream lines(testing::read_file(file));
    bool goes_on = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#') || line.empty()) continue;
        const bool continued = line.ends_with('\\');
        if (continued) line.pop_back();
        if (goes_on) {
            all.back() += line;
        } else {
            all.push_back(line);
        }
        goes_on = continued;
    }
    EXPECT_FALSE(goes_on) << "the last line is continued";
    return all;
}

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

/// What apt-get installs, one set for each stage that does.
std::vector<std::set<std::string>> packages_of(const std::filesystem::path& file) {
    std::vector<std::set<std::string>> all;
    for (const auto& one : instructions_of(file)) {
        const auto at = one.find("--no-install-recommends");
        if (!one.starts_with("RUN ") || at == std::string::npos) continue;
        const auto words = words_of(one.substr(at, one.find("&&", at) - at));
        all.emplace_back(words.begin() + 1, words.end());
    }
    return all;
}

TEST(ComfyImage, IsADockerfileWhoseFilesAndStagesAreThere) {
    std::set<std::string> stages;
    int froms = 0;
    for (const auto& one : instructions_of(image)) {
        const auto words = words_of(one);
        EXPECT_THAT(words[0], AnyOf("FROM", "RUN", "COPY", "ARG", "ENV", "USER", "WORKDIR", "ENTRYPOINT"))
            << one;
        EXPECT_EQ(one.find("ADD "), std::string::npos);
        if (words[0] == "FROM") ++froms;
        if (words[0] == "FROM" && words.size() == 4) stages.insert(words[3]);
        if (words[0] != "COPY") continue;
        if (words[1].starts_with("--from=")) {
            EXPECT_TRUE(stages.count(words[1].substr(7)) > 0) << one;
            continue;
        }
        for (std::size_t i = 1; i + 1 < words.size(); ++i)
            EXPECT_TRUE(std::filesystem::exists(repository / words[i])) << words[i];
    }
    EXPECT_EQ(froms, 2);
    EXPECT_THAT(instructions_of(image).back(), StartsWith(R"(ENTRYPOINT ["/usr/local/bin/comfyui-worker"])"));
    EXPECT_THAT(testing::read_file(image),
                HasSubstr("COPY deploy/comfyui-worker.sh /usr/local/bin/comfyui-worker\n"));
}

TEST(ComfyImage, HoldsNoComfyuiButThatOfTheImageItIsGiven) {
    const auto all = instructions_of(image);
    EXPECT_EQ(all.front(), "ARG COMFYUI_IMAGE") << "asked for, without a default";
    EXPECT_TRUE(std::find(all.begin(), all.end(), "FROM ${COMFYUI_IMAGE}") != all.end());
    for (const auto& one : all) {
        for (const auto* word : {"git clone", "pip install", "curl ", "wget "})
            EXPECT_EQ(one.find(word), std::string::npos) << one;
    }
}

TEST(ComfyImage, InstallsWhatTheOtherWorkersImageInstalls) {
    const auto here = packages_of(image);
    ASSERT_EQ(here.size(), 2U);
    EXPECT_EQ(here, packages_of(repository / "deploy/worker.Dockerfile"));
}

TEST(ComfyImage, SetsOnlyWhatSomebodyReads) {
    const auto settings = testing::read_file(repository / "src/app/settings.def");
    const auto script = testing::read_file(repository / "deploy/comfyui-worker.sh");
    for (const auto& one : instructions_of(image)) {
        if (!one.starts_with("ENV ")) continue;
        for (const auto& word : words_of(one.substr(4))) {
            const auto equals = word.find('=');
            if (equals == std::string::npos) continue;  // a further word of a value
            const auto name = word.substr(0, equals);
            const bool is_setting = settings.find("\"" + name + "\"") != std::string::npos;
            EXPECT_TRUE(is_setting || script.find(name) != std::string::npos) << name;
        }
    }
}

/// A folder that looks like ComfyUI's: main.py takes the arguments that ComfyUI takes, and plays one.
class ComfyScript : public ComfyWorld {
protected:
    ComfyScript() {
        environment_ = worker_environment();
        const auto root = home_.path() / "data/comfyui";
        environment_["COMFYUI_DIR"] = (home_.path() / "comfyui").string();
        environment_["COMFYUI_PYTHON"] = "/usr/bin/python3";
        environment_["DARKROOM"] = e2e::darkroom_program().string();
        environment_["COMFY_INPUT_DIR"] = (root / "input").string();
        environment_["COMFY_OUTPUT_DIR"] = (root / "output").string();
        environment_["COMFY_TEMP_DIR"] = (root / "temp").string();
        std::filesystem::create_directories(home_.path() / "comfyui");
        testing::write_file(
            home_.path() / "comfyui/main.py",
            "import os, signal, subprocess, sys\n"
            "at = lambda name: sys.argv[sys.argv.index(name) + 1]\n"
            "assert at('--listen') == '127.0.0.1' and '--disable-metadata' in sys.argv, sys.argv\n"
            "root = os.path.dirname(at('--output-directory'))\n"
            "assert root == os.path.dirname(at('--input-directory')) == at('--temp-directory')\n"
            "child = subprocess.Popen([sys.executable, '" DR_COMFYUI_SERVER
            "', '--dir', root,\n"
            "                          '--port', at('--port')], stdin=subprocess.PIPE)\n"
            "signal.signal(signal.SIGTERM, lambda *_: child.terminate())\n"
            "sys.exit(child.wait())\n");
        environment_["COMFYUI_ARGS"] = "--disable-metadata";
        comfy_.reset();  // its port is the script's now
    }

    std::map<std::string, std::string> environment_;
};

TEST_F(ComfyScript, StartsBothStartsComfyuiAgainAndLeavesNothingBehind) {
    testing::ChildPlan plan;
    plan.program = repository / "deploy/comfyui-worker.sh";
    plan.environment = environment_;
    plan.working_dir = home_.path();
    plan.out_file = plan.err_file = home_.path() / "worker.err";
    worker_ = std::make_unique<testing::ChildProcess>(plan);
    EXPECT_EQ(run(images_job).state, JobState::completed);
    const auto children = testing::descendants_of(worker_->pid());
    for (const auto& process : testing::running_processes()) {
        const bool is_ours = std::find(children.begin(), children.end(), process.pid) != children.end();
        if (is_ours && process.name.starts_with("python3")) ::kill(process.pid, SIGKILL);
    }
    EXPECT_EQ(run(images_job).state, JobState::completed);
    EXPECT_THAT(read("worker.err"), HasSubstr("it is started again"));
    const auto left = testing::descendants_of(worker_->pid());
    worker_->send_signal(SIGTERM);
    const auto exit = worker_->wait(Milliseconds(40'000));
    ASSERT_TRUE(exit.has_value());
    EXPECT_EQ(exit->code, 0);
    EXPECT_TRUE(e2e::eventually([&] {
        return std::none_of(left.begin(), left.end(), [](pid_t pid) { return ::kill(pid, 0) == 0; });
    }));
}

TEST_F(ComfyScript, EndsWithTheCodeOfItsWorker) {
    environment_.erase("RUNPOD_WEBHOOK_GET_JOB");
    testing::ChildPlan plan;
    plan.program = repository / "deploy/comfyui-worker.sh";
    plan.environment = environment_;
    plan.working_dir = home_.path();
    plan.out_file = plan.err_file = home_.path() / "worker.err";
    worker_ = std::make_unique<testing::ChildProcess>(plan);
    const auto exit = worker_->wait(Milliseconds(40'000));
    ASSERT_TRUE(exit.has_value());
    EXPECT_EQ(exit->code, 78) << "settings that are wrong";
}

}  // namespace
}  // namespace darkroom::worker_test
