#include "tests/e2e/links.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include "base/json_writer.h"
#include "http/curl_client.h"
#include "objects/s3/s3_headers.h"

namespace darkroom::e2e {

ports::FetchedAnswer follow(ports::HttpMethod method, const std::string& url,
                            const ports::HttpFields& headers, const std::string& body) {
    http::CurlClient client;
    ports::OutgoingRequest request;
    request.method = method;
    request.url = url;
    request.headers = headers;
    request.body = body;
    request.total_timeout = Milliseconds(30'000);
    const auto answer = client.fetch(request);
    EXPECT_TRUE(answer.ok()) << url << ": " << answer.error().detail;
    return answer ? *answer : ports::FetchedAnswer{};
}

std::string header_of(const ports::FetchedAnswer& answer, std::string_view name) {
    const auto* value = objects::find_header(answer.headers, name);
    return value == nullptr ? std::string() : *value;
}

boost::json::value invite(const ApiClient& client, const std::string& name, std::size_t bytes) {
    JsonWriter body;
    body.begin_object().member("filename", name).member("bytes", bytes).end_object();
    const auto asked = client.post("/api/v1/uploads", body.take());
    EXPECT_EQ(asked.status, 201) << asked.body();
    return asked.json();
}

ports::HttpFields headers_of(const boost::json::value& invitation) {
    ports::HttpFields headers;
    const auto* told = invitation.as_object().if_contains("headers");
    if (told == nullptr || !told->is_object()) {
        ADD_FAILURE() << invitation;
        return headers;
    }
    for (const auto& [name, value] : told->as_object())
        headers.emplace_back(std::string(name), std::string(value.as_string()));
    return headers;
}

int accept(const boost::json::value& invitation, const std::string& bytes) {
    EXPECT_EQ(text_at(invitation, "/method"), "PUT");
    return follow(ports::HttpMethod::put, text_at(invitation, "/url"), headers_of(invitation), bytes).status;
}

std::string upload_directly(const ApiClient& client, const std::string& bytes, const std::string& name) {
    const auto invitation = invite(client, name, bytes.size());
    EXPECT_EQ(text_at(invitation, "/mode"), "presigned") << invitation;
    EXPECT_EQ(accept(invitation, bytes), 200);
    return text_at(invitation, "/id");
}

}  // namespace darkroom::e2e
