#include "tests/e2e/s3_bucket.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace darkroom::e2e {

Settings S3Bucket::settings_at(const std::string& endpoint) const {
    return {{"S3_BUCKET", name_},
            {"S3_ENDPOINT", endpoint},
            {"AWS_REGION", server_.region()},
            {"AWS_ACCESS_KEY_ID", server_.owner().access_key},
            {"AWS_SECRET_ACCESS_KEY", server_.owner().secret_key}};
}

Settings S3Bucket::volume_settings() const {
    return {{"DARKROOM_STORAGE", "runpod-volume"},
            {"RUNPOD_NETWORK_VOLUME_ID", name_},
            {"RUNPOD_S3_ENDPOINT", server_.endpoint()},
            {"RUNPOD_S3_REGION", server_.region()},
            {"RUNPOD_S3_ACCESS_KEY", server_.owner().access_key},
            {"RUNPOD_S3_SECRET_KEY", server_.owner().secret_key}};
}

objects::S3Settings S3Bucket::own_settings() const {
    auto settings = objects::bucket_settings(name_, server_.endpoint(), server_.region());
    settings.access_key = server_.owner().access_key;
    settings.secret_key = server_.owner().secret_key;
    return settings;
}

std::vector<std::string> S3Bucket::keys() {
    std::vector<std::string> keys;
    std::string page;
    do {
        const auto found = store_.list("", page, 1'000);
        if (!found) {
            ADD_FAILURE() << found.error().detail;
            break;
        }
        for (const auto& object : found->objects) keys.push_back(object.key);
        page = found->next;
    } while (!page.empty());
    std::sort(keys.begin(), keys.end());
    return keys;
}

bool S3Bucket::has(const std::string& key) { return send(ports::HttpMethod::head, key).ok(); }

std::string S3Bucket::bytes_of(const std::string& key) {
    auto answer = send(ports::HttpMethod::get, key);
    return answer ? std::move(answer->head.body) : std::string();
}

void S3Bucket::put(const std::string& key, std::string bytes) {
    const auto answer = send(ports::HttpMethod::put, key, std::move(bytes));
    EXPECT_TRUE(answer.ok()) << key << ": " << answer.error().code;
}

void S3Bucket::remove(const std::string& key) {
    const auto answer = send(ports::HttpMethod::del, key);
    EXPECT_TRUE(answer.ok()) << key << ": " << answer.error().code;
}

Result<objects::S3Answer, objects::S3Fault> S3Bucket::send(ports::HttpMethod method, const std::string& key,
                                                           std::string body) {
    objects::S3Request request;
    request.method = method;
    request.key = key;
    request.body = std::move(body);
    return client_.send(std::move(request));
}

}  // namespace darkroom::e2e
