// Other people's programs at the same bucket: boto3, the AWS command line, curl. Each call runs one to its
// end.
#pragma once
#include <boost/json/value.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/s3_server.h"
#include "tests/support/temp_dir.h"

namespace darkroom::s3 {

struct Finished {
    int code = -1;
    std::string out;
    std::string err;
};

class ForeignClients {
public:
    explicit ForeignClients(std::string bucket) : bucket_(std::move(bucket)) {}

    /// A command of boto3_client.py; its answer. A failure fails the test and gives null.
    boost::json::value boto3(const std::string& command, const std::vector<std::string>& arguments);
    /// `aws s3 …`; "s3://" in an argument stands for the bucket.
    Finished aws(std::vector<std::string> arguments);
    Finished curl(const std::vector<std::string>& arguments);

    /// A file that holds `bytes`, or will hold what a client writes.
    std::filesystem::path file(const std::string& name, const std::string& bytes = "");

private:
    Finished run(const std::string& program, std::vector<std::string> arguments);

    std::string bucket_;
    testing::S3Server& server_ = testing::S3Server::shared();
    testing::TempDir folder_;
};

/// The string (or list of strings) of that name; empty if it is not there.
std::string text_of(const boost::json::value& answer, std::string_view name);
std::vector<std::string> texts_of(const boost::json::value& answer, std::string_view name);

}  // namespace darkroom::s3
