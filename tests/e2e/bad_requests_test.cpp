// Requests that are wrong: JSON, params, types, forms, names, methods. Each gets a problem document that says
// which field, and nothing is kept of it.
#include <gtest/gtest.h>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

struct BadBody {
    std::string body;
    int status;
    std::string code;
};

class BadRequests : public ::testing::Test {
protected:
    ~BadRequests() override {
        EXPECT_TRUE(items_at(client.get("/api/v1/jobs").json(), "/jobs").empty()) << "a job was made of it";
        expect_nothing_left(server);
    }
    Reply create(const std::string& body) { return client.post("/api/v1/jobs", body); }
    std::string with_params(const std::string& type, const std::string& params) {
        return job_request(type, params, upload);
    }

    ServerProcess server;
    ApiClient client = server.client();
    std::string upload = client.upload(disc_png(32, 32));
};

TEST_F(BadRequests, WrongJsonIsRefused) {
    const std::string input = R"("inputs":[{"upload":")" + upload + R"("}])";
    const std::vector<BadBody> bodies = {
        {"", 400, "malformed_json"},
        {"{", 400, "malformed_json"},
        {"{]", 400, "malformed_json"},
        {"\xff\xfe{}", 400, "malformed_json"},
        {R"({"type":"jpeg_to_png","type":"bg_remove",)" + input + "}", 400, "malformed_json"},
        {R"({"type":"jpeg_to_png","params":{"tolerance":NaN},)" + input + "}", 400, "malformed_json"},
        {R"({"type":"jpeg_to_png","params":{"tolerance":Infinity},)" + input + "}", 400, "malformed_json"},
        {R"({"type":"jpeg_to_png","params":{"tolerance":1e999},)" + input + "}", 400, "malformed_json"},
        {R"({"type":"jpeg_to_png",)" + input + "} {}", 400, "malformed_json"},
        {std::string(1u << 20, '['), 400, "malformed_json"},
        {"[]", 422, "validation_failed"},
        {"null", 422, "validation_failed"},
        {"\"text\"", 422, "validation_failed"},
        {"{}", 422, "validation_failed"},
        {"{" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png"})", 422, "validation_failed"},
        {R"({"type":7,)" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","inputs":[]})", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","inputs":[{}]})", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","inputs":[{"upload":"../../etc/passwd"}]})", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","inputs":[{"url":"http://127.0.0.1/"}]})", 422, "input_url_refused"},
        {R"({"type":"jpeg_to_png","inputs":[{"url":7}]})", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","input_urls":"https://a.test/"})", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","input_urls":["https://a.test/"],)" + input + "}", 422,
         "validation_failed"},
        {R"({"type":"jpeg_to_png","params":[],)" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","priority":1.5,)" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","priority":1001,)" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","metadata":"x",)" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","webhook_url":"http://a.test/",)" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","user_id":"a b",)" + input + "}", 422, "validation_failed"},
        {R"({"type":"jpeg_to_png","colour":"red",)" + input + "}", 422, "unknown_field"},
    };
    for (const auto& [body, status, code] : bodies) {
        SCOPED_TRACE(body.substr(0, 100));
        expect_problem(create(body), status, code);
    }
    expect_problem(create(std::string((1u << 20) + 1, ' ')), 413, "too_large", true);
    const auto deep = "{\"type\":\"jpeg_to_png\",\"metadata\":{\"a\":" + std::string(200'000, '[') +
                      std::string(200'000, ']') + "}," + input + "}";
    expect_problem(create(deep), 400, "malformed_json");
}

TEST_F(BadRequests, AnUnknownTypeIsNamedWithTheOneThatWasMeant) {
    const auto reply = create(with_params("bg_remvoe", "{}"));
    expect_problem(reply, 422, "unknown_type");
    EXPECT_NE(text_at(reply.json(), "/detail").find("bg_remove"), std::string::npos) << reply.body();
    EXPECT_EQ(text_at(reply.json(), "/pointer"), "/type");
    expect_problem(create(with_params(std::string(5'000, 'x'), "{}")), 422, "unknown_type");
    expect_problem(create(with_params("../bg_remove", "{}")), 422, "unknown_type");
}

TEST_F(BadRequests, EveryWrongParamIsNamed) {
    const auto mistyped = create(with_params("jpeg_to_png", R"({"tolerence":9})"));
    EXPECT_EQ(mistyped.status, 422) << mistyped.body();
    EXPECT_EQ(text_at(mistyped.json(), "/errors/0/pointer"), "/params/tolerence");
    EXPECT_NE(text_at(mistyped.json(), "/detail").find("tolerance"), std::string::npos) << mistyped.body();

    for (const std::string params :
         {R"({"tolerance":"9"})", R"({"tolerance":61})", R"({"tolerance":-1})", R"({"tolerance":null})",
          R"({"key":"red"})", R"({"key":"#12345"})", R"({"despill":"yes"})", R"({"method":"magic"})",
          R"({"png":{"bits":12}})", R"({"png":{"Bits":8}})", R"({"v":2})", R"({"quality":0})",
          R"({"recipe":"../../x"})"}) {
        SCOPED_TRACE(params);
        const auto reply = create(with_params("jpeg_to_png", params));
        EXPECT_EQ(reply.status, 422) << reply.body();
        EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
        EXPECT_EQ(text_at(reply.json(), "/errors/0/pointer").rfind("/params/", 0), 0u) << reply.body();
    }
    const auto several = create(with_params("upscale_2k", R"({"target":1,"mode":"x","sharpen":9})"));
    EXPECT_EQ(items_at(several.json(), "/errors").size(), 3u) << several.body();
    const auto pointer =
        text_at(create(with_params("jpeg_to_png", R"({"a/b~c":1})")).json(), "/errors/0/pointer");
    EXPECT_EQ(pointer, "/params/a~1b~0c");
}

TEST_F(BadRequests, OtherMediaTypesAndMethodsAreRefused) {
    const auto body = with_params("jpeg_to_png", "{}");
    expect_problem(client.call("POST", "/api/v1/jobs", body, {{"Content-Type", "text/plain"}}), 415,
                   "unsupported_media_type");
    expect_problem(client.call("POST", "/api/v1/jobs", body), 415, "unsupported_media_type");
    const auto removed = client.call("DELETE", "/api/v1/jobs");
    expect_problem(removed, 405, "method_not_allowed", true);
    EXPECT_NE(removed.header("Allow").find("POST"), std::string::npos);
    expect_problem(client.get("/api/v2/jobs"), 404, "not_found", true);
    expect_problem(client.get("/../../etc/passwd"), 404, "not_found", true);
    expect_problem(client.get("/api/v1/objects/..%2f..%2fetc%2fpasswd"), 404, "not_found", true);
    expect_problem(client.get("/api/v1/jobs/not-a-uuid"), 404, "not_found", true);
    for (const std::string wait : {"wait=x", "wait=-1", "wait=1.5"}) {
        expect_problem(client.post("/api/v1/jobs", body, {{"Prefer", wait}}), 400, "bad_header");
    }
}

TEST_F(BadRequests, WrongFormsAreRefused) {
    const auto picture = disc_png(32, 32);
    const auto send = [&](const Form& form) {
        return client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
    };
    expect_problem(send(make_form("a.png", picture, {})), 422, "validation_failed");
    expect_problem(send(make_form("a.png", picture, {{"type", "nothing"}})), 422, "unknown_type");
    expect_problem(send(make_form("a.png", picture, {{"type", "bg_remove"}, {"type", "bg_remove"}})), 400,
                   "malformed_multipart");
    expect_problem(send(make_form("a.png", picture, {{"type", "bg_remove"}, {"params", "{"}})), 422,
                   "malformed_json");
    expect_problem(send(make_form("a.png", picture, {{"type", "bg_remove"}, {"params", "7"}})), 422,
                   "validation_failed");
    expect_problem(send(make_form("a.png", picture, {{"type", "bg_remove"}, {"colour", "red"}})), 422,
                   "unknown_field");
    auto cut = make_form("a.png", picture, {{"type", "bg_remove"}});
    cut.body.resize(cut.body.size() / 2);
    expect_problem(send(cut), 400, "malformed_multipart");
    auto unbound = make_form("a.png", picture, {{"type", "bg_remove"}});
    unbound.content_type = "multipart/form-data";
    expect_problem(send(unbound), 400, "malformed_multipart");
    const auto no_file = make_form("a.png", picture, {{"type", "bg_remove"}});
    const auto file_part = no_file.body.rfind("------darkroom-test-boundary\r\n");
    const Form without{no_file.content_type,
                       no_file.body.substr(0, file_part) + "------darkroom-test-boundary--\r\n"};
    expect_problem(send(without), 422, "validation_failed");
}

TEST_F(BadRequests, RequestsWithoutALengthAreRefused) {
    RawClient chunked(server.port());
    ASSERT_TRUE(chunked.send("POST /api/v1/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
                             server.key() +
                             "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}"
                             "\r\n0\r\n\r\n"));
    const auto answer = chunked.read_answer();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 411) << answer->body;
    EXPECT_EQ(answer->header("Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace darkroom::e2e
