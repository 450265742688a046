#include "tests/s3/s3_fixture.h"

#include "tests/support/child_process.h"

namespace darkroom::s3 {

S3Settings S3Test::settings_at(const std::string& endpoint) const {
    auto settings = objects::bucket_settings(bucket_, endpoint, server_.region());
    settings.access_key = server_.owner().access_key;
    settings.secret_key = server_.owner().secret_key;
    return settings;
}

std::filesystem::path S3Test::file(const std::string& name, const std::string& bytes) const {
    auto path = folder_.path() / name;
    testing::write_file(path, bytes);
    return path;
}

std::string S3Test::error_body(const std::string& code, const std::string& more) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code +
           "</Code><Message>as planned by the test</Message>" + more + "</Error>";
}

}  // namespace darkroom::s3
