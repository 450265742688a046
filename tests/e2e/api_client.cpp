#include "tests/e2e/api_client.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "base/json.h"
#include "base/json_writer.h"

namespace darkroom::e2e {
namespace {

namespace json = boost::json;

constexpr std::string_view boundary = "----darkroom-test-boundary";
constexpr std::size_t answer_bytes_max = 32u << 20;

const json::value* found_at(const json::value& value, std::string_view pointer) {
    json::error_code ignored;
    return value.find_pointer({pointer.data(), pointer.size()}, ignored);
}

bool ended(const json::value& job) {
    const auto status = text_at(job, "/status");
    return status == "SUCCEEDED" || status == "FAILED" || status == "CANCELLED";
}

}  // namespace

json::value Reply::json() const {
    auto parsed = parse_json(raw.body, answer_bytes_max);
    if (parsed) return *std::move(parsed);
    ADD_FAILURE() << "not JSON: " << status << " " << raw.body.substr(0, 500);
    return nullptr;
}

std::string Reply::code() const { return text_at(json(), "/code"); }

std::string text_at(const json::value& value, std::string_view pointer) {
    const auto* found = found_at(value, pointer);
    if (found == nullptr || found->is_null()) return {};
    if (found->is_string()) return std::string(found->get_string());
    if (found->is_int64()) return std::to_string(found->get_int64());
    if (found->is_double()) return json::serialize(*found);
    if (found->is_bool()) return found->get_bool() ? "true" : "false";
    return {};
}

std::int64_t number_at(const json::value& value, std::string_view pointer) {
    const auto* found = found_at(value, pointer);
    if (found != nullptr && found->is_int64()) return found->get_int64();
    ADD_FAILURE() << "no number at " << pointer;
    return -1;
}

std::vector<json::value> items_at(const json::value& value, std::string_view pointer) {
    const auto* found = found_at(value, pointer);
    if (found == nullptr || !found->is_array()) return {};
    return {found->get_array().begin(), found->get_array().end()};
}

std::string request_text(std::string_view method, std::string_view target, const ports::HttpFields& headers,
                         std::string_view body) {
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: darkroom.test\r\n");
    for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
    if (!body.empty() || method == "POST" || method == "PUT")
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text.append("\r\n").append(body);
}

Form make_form(std::string_view file_name, std::string_view file_bytes,
               const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string body;
    const auto begin_part = [&](const std::string& disposition) {
        body.append("--").append(boundary).append("\r\nContent-Disposition: form-data; ");
        body.append(disposition).append("\r\n\r\n");
    };
    for (const auto& [name, value] : fields) {
        begin_part("name=\"" + name + "\"");
        body.append(value).append("\r\n");
    }
    begin_part("name=\"file\"; filename=\"" + std::string(file_name) + "\"");
    body.append(file_bytes).append("\r\n--").append(boundary).append("--\r\n");
    return {"multipart/form-data; boundary=" + std::string(boundary), std::move(body)};
}

Reply ApiClient::call(std::string_view method, std::string_view target, std::string_view body,
                      ports::HttpFields headers) const {
    if (!key_.empty()) headers.emplace_back("Authorization", "Bearer " + key_);
    headers.emplace_back("Connection", "close");
    RawClient connection(port_);
    connection.set_patience(patience_);
    if (!connection.connected()) return {};
    // A refused body may not be taken to its end; the answer is there all the same.
    (void)connection.send(request_text(method, target, headers, body));
    auto answer = connection.read_answer(method == "HEAD");
    if (!answer) return {};
    const int status = answer->status;
    return {status, *std::move(answer)};
}

Reply ApiClient::post(std::string_view target, std::string_view json, ports::HttpFields headers) const {
    headers.emplace_back("Content-Type", "application/json");
    return call("POST", target, json, std::move(headers));
}

std::string ApiClient::upload(std::string_view bytes, const std::string& name) const {
    JsonWriter body;
    body.begin_object().member("filename", name).end_object();
    const auto asked = post("/api/v1/uploads", body.take());
    EXPECT_EQ(asked.status, 201) << asked.body();
    const auto ticket = asked.json();
    const auto put = call("PUT", target_of(text_at(ticket, "/url")), bytes);
    EXPECT_EQ(put.status, 200) << put.body();
    return text_at(ticket, "/id");
}

std::string ApiClient::create(const std::string& type, const std::string& params,
                              const std::string& upload) const {
    const auto created = post("/api/v1/jobs", job_request(type, params, upload));
    EXPECT_EQ(created.status, 201) << created.body();
    return text_at(created.json(), "/id");
}

std::string ApiClient::create_with(const std::string& type, std::string_view bytes,
                                   const std::string& params) const {
    return create(type, params, upload(bytes));
}

json::value ApiClient::job(const std::string& id) const {
    const auto reply = get("/api/v1/jobs/" + id);
    EXPECT_EQ(reply.status, 200) << reply.body();
    return reply.json();
}

json::value ApiClient::ended_job(const std::string& id, Milliseconds at_most) const {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        const auto reply = get("/api/v1/jobs/" + id, {{"Prefer", "wait=10"}});
        EXPECT_EQ(reply.status, 200) << reply.body();
        if (reply.status != 200) return nullptr;
        auto job = reply.json();
        if (ended(job)) return job;
        if (std::chrono::steady_clock::now() >= deadline) {
            ADD_FAILURE() << "the job has not ended: " << reply.body();
            return job;
        }
    }
}

// Each step of a job is an event, and the stream tells it when it happens.
json::value ApiClient::job_in(const std::string& id, std::string_view status) const {
    RawClient stream(port_);
    stream.set_patience(patience_);
    (void)stream.send(request_text("GET", "/api/v1/jobs/" + id + "/events",
                                   {{"Authorization", "Bearer " + key_}, {"Accept", "text/event-stream"}},
                                   {}));
    const auto quoted = "\"status\":\"" + std::string(status) + "\"";
    for (auto piece = stream.read_past("\n\n"); piece; piece = stream.read_past("\n\n")) {
        const bool reached =
            piece->find("event: job.") != std::string::npos && piece->find(quoted) != std::string::npos;
        if (reached || piece->find("event: end") != std::string::npos) return job(id);
    }
    ADD_FAILURE() << "job " << id << " never came to " << status;
    return job(id);
}

std::vector<json::value> ApiClient::events(const std::string& id) const {
    const auto reply = get("/api/v1/jobs/" + id + "/events");
    EXPECT_EQ(reply.status, 200) << reply.body();
    return items_at(reply.json(), "/events");
}

std::string target_of(std::string_view url) {
    const auto scheme = url.find("://");
    const auto slash = scheme == std::string_view::npos ? std::string_view::npos : url.find('/', scheme + 3);
    if (slash == std::string_view::npos) return "/";
    return std::string(url.substr(slash));
}

std::string job_request(const std::string& type, const std::string& params, const std::string& upload) {
    JsonWriter body;
    body.begin_object().member("type", type).raw_member("params", params).key("inputs").begin_array();
    body.begin_object().member("upload", upload).end_object().end_array().end_object();
    return body.take();
}

void expect_problem(const Reply& reply, int status, std::string_view code, bool from_server) {
    EXPECT_EQ(reply.status, status) << reply.body();
    EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
    EXPECT_FALSE(reply.header("Darkroom-Request-Id").empty());
    EXPECT_EQ(reply.body().find("</"), std::string::npos) << "a page: " << reply.body();
    const auto problem = reply.json();
    if (!problem.is_object()) return;
    EXPECT_EQ(text_at(problem, "/code"), code) << reply.body();
    EXPECT_EQ(text_at(problem, "/status"), std::to_string(status));
    EXPECT_FALSE(text_at(problem, "/title").empty());
    EXPECT_FALSE(text_at(problem, "/detail").empty()) << reply.body();
    EXPECT_TRUE(problem.get_object().contains("retryable"));
    if (!from_server) {
        EXPECT_EQ(text_at(problem, "/request_id"), reply.header("Darkroom-Request-Id"));
    }
}

}  // namespace darkroom::e2e
