// Where a bucket is, who asks, and what the server behind it can do. Two kinds of servers are known by name:
// one that speaks S3 as AWS does (AWS, Wasabi, Supabase, MinIO …), and a RunPod network volume, which
// presigns nothing and removes one object at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace darkroom::objects {

/// How the operator calls the settings: errors name the one to change.
struct S3SettingNames {
    std::string bucket = "S3_BUCKET";
    std::string endpoint = "S3_ENDPOINT";
    std::string region = "AWS_REGION";
    std::string access_key = "AWS_ACCESS_KEY_ID";
    std::string secret_key = "AWS_SECRET_ACCESS_KEY";
    std::string session_token = "AWS_SESSION_TOKEN";
};

struct S3Settings {
    std::string bucket;
    std::string endpoint;  // https://host[:port][/path]; empty = AWS's for the region
    std::string region = "us-east-1";
    std::string access_key;
    std::string secret_key;
    std::string session_token;       // empty = none
    std::optional<bool> path_style;  // unset: host style only at AWS, for a bucket whose name fits a host
    S3SettingNames names;

    bool presigns = true;
    bool removes_many = true;
    std::uint64_t put_bytes_max = std::uint64_t{5} << 30;      // S3's limit for one request
    std::uint64_t part_bytes = std::uint64_t{8} << 20;         // held in memory while a stream is put
    std::uint64_t single_put_bytes = std::uint64_t{32} << 20;  // larger files go in parts
    int parts_at_once = 3;                                     // of a file on their way
    /// Objects below it are the server's own: never listed, never removed.
    std::string excluded_prefix = ".s3compat_uploads/";

    int tries_max = 5;
    bool repeats_denied = false;       // a server known to refuse now and then without a reason
    Milliseconds deadline{120'000};    // of an operation with all its tries, beside the time for its bytes
    Milliseconds try_timeout{60'000};  // of one try, beside the time for its bytes
    Milliseconds connect_timeout{5'000};
    Milliseconds idle_timeout{30'000};
    std::uint64_t slowest_bytes_per_second = std::uint64_t{64} << 10;  // allows bytes their time
    Milliseconds pause_base{200};
    Milliseconds pause_cap{10'000};
    Milliseconds settle_time{1'000};  // first wait for an object that was stored and is not seen yet

    /// One line for each wrong value, naming the setting; empty = usable.
    std::vector<std::string> problems() const;
};

S3Settings bucket_settings(std::string bucket, std::string endpoint, std::string region);
/// `volume` is the bucket; the region is the data center's id as written.
S3Settings network_volume_settings(std::string volume, std::string endpoint, std::string region);

}  // namespace darkroom::objects
