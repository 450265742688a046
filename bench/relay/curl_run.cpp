#include "bench/relay/curl_run.h"

#include <sstream>

#include "tests/support/child_process.h"

namespace darkroom::bench {
namespace {

constexpr Milliseconds patience{600'000};

}  // namespace

Result<double, std::string> run_curl(const CurlRun& run, const std::filesystem::path& folder) {
    const bool up = !run.upload.empty();
    testing::ChildPlan plan;
    plan.program = "/usr/bin/curl";
    plan.arguments = {
        "-sS",
        "-H",
        "Expect:",
        "-o",
        up ? folder / "answer" : "/dev/null",
        "-w",
        up ? "%{http_code} %{size_upload} %{time_total}" : "%{http_code} %{size_download} %{time_total}"};
    for (const auto& [name, value] : run.headers) {
        plan.arguments.emplace_back("-H");
        plan.arguments.emplace_back(name).append(": ").append(value);
    }
    if (up) plan.arguments.insert(plan.arguments.end(), {"-T", run.upload.string()});
    plan.arguments.push_back(run.url);
    plan.working_dir = folder;
    plan.out_file = folder / "curl.out";
    plan.err_file = folder / "curl.err";
    std::filesystem::remove(plan.out_file);
    testing::ChildProcess curl(plan);
    const auto end = curl.wait(patience);
    const auto told = testing::read_file(plan.out_file);
    std::istringstream words(told);
    int status = 0;
    std::uint64_t moved = 0;
    double seconds = 0;
    words >> status >> moved >> seconds;
    if (!end || end->code != 0 || status < 200 || status > 299 || moved != run.bytes || seconds <= 0) {
        return Fail("curl did not move " + std::to_string(run.bytes) + " bytes: " + told + " " +
                    testing::read_file(plan.err_file) + testing::read_file(folder / "answer").substr(0, 500));
    }
    return seconds;
}

}  // namespace darkroom::bench
