// A real S3 server for a test program: s3_server.py, started by the first test that asks and ended with the
// program. One serves all tests of a program, so each test takes a bucket of its own.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/talking_child.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {

struct S3Keys {
    std::string access_key;
    std::string secret_key;
};

class S3Server {
public:
    /// The one of this program. A server that does not start ends the program with what it said.
    static S3Server& shared();

    S3Server();
    S3Server(const S3Server&) = delete;
    S3Server& operator=(const S3Server&) = delete;

    const std::string& endpoint() const { return endpoint_; }
    /// Of the endpoint, for a proxy in front of it.
    std::uint16_t port() const;
    const std::string& region() const { return region_; }
    const S3Keys& owner() const { return owner_; }
    /// Another account, which may not see what the owner has.
    const S3Keys& stranger() const { return stranger_; }
    /// A new, empty bucket of the owner's.
    std::string new_bucket();

private:
    TempDir folder_;
    std::unique_ptr<TalkingChild> server_;
    std::string endpoint_;
    std::string region_;
    S3Keys owner_;
    S3Keys stranger_;
    int buckets_ = 0;
};

}  // namespace darkroom::testing
