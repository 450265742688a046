// The S3 server that is measured against: Swift, with a bucket, and links into it that anybody can follow.
#pragma once
#include <string>
#include <vector>

#include "http/curl_client.h"
#include "objects/s3/s3_object_store.h"
#include "tests/support/real_clock.h"
#include "tests/support/s3_server.h"
#include "tests/support/seeded_random.h"

namespace darkroom::bench {

class Upstream {
public:
    const testing::S3Server& server() const { return server_; }
    const std::string& bucket() const { return bucket_; }
    ports::HttpClient& http() { return http_; }
    objects::S3ObjectStore& store() { return store_; }
    core::ObjectKey new_key() { return core::ObjectKey::uploaded(random_.id<UploadId>(), "png"); }

private:
    objects::S3Settings settings() const {
        auto settings = objects::bucket_settings(bucket_, server_.endpoint(), server_.region());
        settings.access_key = server_.owner().access_key;
        settings.secret_key = server_.owner().secret_key;
        return settings;
    }

    testing::S3Server server_;
    const std::string bucket_ = server_.new_bucket();
    testing::RealClock clock_;
    testing::SeededRandom random_{std::random_device{}()};
    http::CurlClient http_;
    objects::S3ObjectStore store_{settings(), http_, clock_, random_};
};

}  // namespace darkroom::bench
