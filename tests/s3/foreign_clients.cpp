#include "tests/s3/foreign_clients.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/support/child_process.h"

namespace darkroom::s3 {
namespace {

constexpr Milliseconds patience{60'000};

}  // namespace

Finished ForeignClients::run(const std::string& program, std::vector<std::string> arguments) {
    const testing::TempDir home;
    testing::ChildPlan plan;
    plan.program = program;
    plan.arguments = std::move(arguments);
    plan.environment = {{"HOME", home.path().string()},
                        {"PATH", "/usr/bin:/bin"},
                        {"LC_ALL", "C.UTF-8"},
                        {"AWS_ACCESS_KEY_ID", server_.owner().access_key},
                        {"AWS_SECRET_ACCESS_KEY", server_.owner().secret_key},
                        {"AWS_DEFAULT_REGION", server_.region()},
                        {"AWS_EC2_METADATA_DISABLED", "true"}};
    plan.out_file = home.path() / "out";
    plan.err_file = home.path() / "err";
    testing::ChildProcess child(plan);
    const auto exit = child.wait(patience);
    return {exit ? exit->code : -1, testing::read_file(plan.out_file), testing::read_file(plan.err_file)};
}

boost::json::value ForeignClients::boto3(const std::string& command,
                                         const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {
        "--endpoint", server_.endpoint(), "--region", server_.region(), "--bucket", bucket_, command};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto finished = run(DR_BOTO3_CLIENT, all);
    const auto answer = parse_json(finished.out);
    if (finished.code == 0 && answer.ok()) return *answer;
    ADD_FAILURE() << command << ": " << finished.err;
    return nullptr;
}

Finished ForeignClients::aws(std::vector<std::string> arguments) {
    for (auto& argument : arguments) {
        if (argument.starts_with("s3://")) argument.insert(5, bucket_ + "/");
    }
    arguments.insert(arguments.begin(), {"--endpoint-url", server_.endpoint(), "s3"});
    return run("/usr/bin/aws", std::move(arguments));
}

Finished ForeignClients::curl(const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"--silent", "--show-error", "--fail-with-body"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run("/usr/bin/curl", std::move(all));
}

std::filesystem::path ForeignClients::file(const std::string& name, const std::string& bytes) {
    auto path = folder_.path() / name;
    testing::write_file(path, bytes);
    return path;
}

std::string text_of(const boost::json::value& answer, std::string_view name) {
    const auto* object = answer.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(name);
    return value == nullptr || !value->is_string() ? "" : std::string(value->as_string());
}

std::vector<std::string> texts_of(const boost::json::value& answer, std::string_view name) {
    std::vector<std::string> all;
    const auto* object = answer.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr || !value->is_array()) return all;
    for (const auto& text : value->as_array()) all.emplace_back(text.as_string());
    return all;
}

}  // namespace darkroom::s3
