#include "tests/support/s3_server.h"

#include <boost/json/value.hpp>

#include "base/check.h"
#include "base/json.h"

namespace darkroom::testing {
namespace {

std::string text_at(const boost::json::value& value, std::string_view name) {
    const auto* text = value.as_object().if_contains(name);
    DR_CHECK(text != nullptr && text->is_string());
    return std::string(text->as_string());
}

}  // namespace

S3Server& S3Server::shared() {
    static S3Server server;
    return server;
}

S3Server::S3Server() {
    ChildPlan plan;
    plan.program = DR_S3_SERVER_SCRIPT;
    plan.arguments = {"--dir", (folder_.path() / "s3").string(), "--bucket", "pictures", "--stdin-buckets"};
    plan.err_file = folder_.path() / "s3_server.log";
    server_ = std::make_unique<TalkingChild>(plan);
    const auto ready = parse_json(server_->read_line());
    DR_CHECK(ready.ok());
    endpoint_ = text_at(*ready, "endpoint");
    region_ = text_at(*ready, "region");
    owner_ = {text_at(*ready, "access_key"), text_at(*ready, "secret_key")};
    stranger_ = {text_at(*ready, "other_access_key"), text_at(*ready, "other_secret_key")};
}

std::uint16_t S3Server::port() const { return port_in(endpoint_); }

std::string S3Server::new_bucket() {
    auto name = "pictures-" + std::to_string(++buckets_);
    server_->write_line(name);
    const auto answer = parse_json(server_->read_line());
    DR_CHECK(answer.ok() && text_at(*answer, "bucket") == name);
    return name;
}

}  // namespace darkroom::testing
