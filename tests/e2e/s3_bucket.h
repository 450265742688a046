// A bucket of a real S3 server for one test, with a proxy in front that can stand in the way: the settings
// with which a server keeps its pictures there, and somebody else's eyes and hands in it.
#pragma once
#include <string>
#include <vector>

#include "http/curl_client.h"
#include "objects/s3/s3_object_store.h"
#include "tests/e2e/server_process.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/real_clock.h"
#include "tests/support/s3_server.h"
#include "tests/support/seeded_random.h"

namespace darkroom::e2e {

class S3Bucket {
public:
    /// Settings of a server that reaches the bucket directly, or through the proxy.
    Settings settings() const { return settings_at(server_.endpoint()); }
    Settings proxied_settings() const { return settings_at(proxy_.endpoint()); }
    /// The bucket as a network volume, which signs no links.
    Settings volume_settings() const;

    const std::string& name() const { return name_; }
    const std::string& endpoint() const { return server_.endpoint(); }
    const testing::S3Server& server() const { return server_; }
    testing::FaultProxy& proxy() { return proxy_; }

    /// Everything that is in it, in the order of the names.
    std::vector<std::string> keys();
    bool has(const std::string& key);
    /// Empty if it is not there.
    std::string bytes_of(const std::string& key);
    /// As another program with the same credentials, under any name.
    void put(const std::string& key, std::string bytes);
    void remove(const std::string& key);

private:
    Settings settings_at(const std::string& endpoint) const;
    objects::S3Settings own_settings() const;
    Result<objects::S3Answer, objects::S3Fault> send(ports::HttpMethod method, const std::string& key,
                                                     std::string body = {});

    testing::S3Server& server_ = testing::S3Server::shared();
    const std::string name_ = server_.new_bucket();
    testing::FaultProxy proxy_{server_.port()};
    testing::RealClock clock_;
    testing::SeededRandom random_{11};
    http::CurlClient http_;
    objects::S3Client client_{own_settings(), http_, clock_, random_};
    objects::S3ObjectStore store_{own_settings(), http_, clock_, random_};
};

}  // namespace darkroom::e2e
