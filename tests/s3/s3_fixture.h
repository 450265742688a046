// What every test of the bucket starts from: a new bucket of the real server, a fault proxy in front of it,
// and stores that reach it through the proxy or directly. Pauses between tries are skipped, time-outs are
// short.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/curl_client.h"
#include "objects/s3/s3_object_store.h"
#include "objects/s3/s3_settings.h"
#include "tests/conformance/object_bytes.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/real_clock.h"
#include "tests/support/s3_server.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::s3 {

using conformance::numbered;
using conformance::pattern;
using conformance::put_bytes;
using conformance::read_all;
using core::ObjectKey;
using objects::S3ObjectStore;
using objects::S3Settings;
using ports::ObjectErrorKind;
using testing::Fault;
using testing::FaultProxy;
using testing::on;

/// A store with all that has to live as long as it does.
struct StoreAt {
    explicit StoreAt(S3Settings settings) : store(std::move(settings), http, clock, random) {}
    S3ObjectStore* operator->() { return &store; }
    S3ObjectStore& operator*() { return store; }

    testing::RealClock clock{testing::RealClock::Waits::skipped};
    testing::SeededRandom random{7};
    http::CurlClient http;
    S3ObjectStore store;
};

class S3Test : public ::testing::Test {
protected:
    /// Those that work, at the server itself.
    S3Settings direct_settings() const { return settings_at(server_.endpoint()); }
    /// Those that work, through the proxy.
    S3Settings proxied_settings() const { return settings_at(proxy_.endpoint()); }
    S3Settings settings_at(const std::string& endpoint) const;
    /// A folder's file with these bytes.
    std::filesystem::path file(const std::string& name, const std::string& bytes) const;

    /// The text of an error with what S3 says in it and how.
    static std::string error_body(const std::string& code, const std::string& more = "");

    testing::S3Server& server_ = testing::S3Server::shared();
    std::string bucket_ = server_.new_bucket();
    FaultProxy proxy_{server_.port()};
    testing::TempDir folder_;

    const ObjectKey picture_ = ObjectKey::uploaded(numbered<UploadId>(1), "jpg");
    const ObjectKey output_ = ObjectKey::restored(numbered<JobId>(1), numbered<AttemptId>(1), "main", "png");
};

}  // namespace darkroom::s3
