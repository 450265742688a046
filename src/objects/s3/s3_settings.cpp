#include "objects/s3/s3_settings.h"

#include <algorithm>
#include <utility>

#include "objects/s3/s3_address.h"

namespace darkroom::objects {
namespace {

bool holds_blank_or_control(const std::string& text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

// What is signed and sent as it is must be one word; an end of line pasted with a key is the usual accident.
void check_word(std::vector<std::string>& problems, const std::string& name, const std::string& value,
                bool may_be_empty) {
    if (value.empty() && !may_be_empty) problems.push_back(name + " is not set");
    if (holds_blank_or_control(value)) problems.push_back(name + " holds a blank or a line end");
}

}  // namespace

std::vector<std::string> S3Settings::problems() const {
    std::vector<std::string> found;
    check_word(found, names.bucket, bucket, false);
    check_word(found, names.region, region, false);
    check_word(found, names.access_key, access_key, false);
    check_word(found, names.secret_key, secret_key, false);
    check_word(found, names.session_token, session_token, true);
    if (bucket.find('/') != std::string::npos) {
        found.push_back(names.bucket + " is the name of a bucket alone, without a slash");
    }
    if (!found.empty()) return found;
    if (auto address = S3Address::of(*this, region); !address) found.push_back(address.error());
    return found;
}

S3Settings bucket_settings(std::string bucket, std::string endpoint, std::string region) {
    S3Settings settings;
    settings.bucket = std::move(bucket);
    settings.endpoint = std::move(endpoint);
    if (!region.empty()) settings.region = std::move(region);
    return settings;
}

S3Settings network_volume_settings(std::string volume, std::string endpoint, std::string region) {
    S3Settings settings = bucket_settings(std::move(volume), std::move(endpoint), std::move(region));
    settings.names = {"RUNPOD_NETWORK_VOLUME_ID", "RUNPOD_S3_ENDPOINT",   "RUNPOD_S3_REGION",
                      "RUNPOD_S3_ACCESS_KEY",     "RUNPOD_S3_SECRET_KEY", "RUNPOD_S3_SESSION_TOKEN"};
    settings.path_style = true;
    settings.presigns = false;
    settings.removes_many = false;
    settings.put_bytes_max = 500'000'000;
    settings.tries_max = 10;  // it answers 502 and AccessDenied now and then while it is busy
    settings.repeats_denied = true;
    return settings;
}

}  // namespace darkroom::objects
