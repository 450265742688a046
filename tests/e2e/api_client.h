// A client of the API that a test can trust: raw sockets, one request for each connection, no retries, every
// wait bounded. What it cannot do is wrong on purpose: that is RawClient's part.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/testing/raw_client.h"
#include "ports/http_message.h"

namespace darkroom::e2e {

using http::testing::RawAnswer;
using http::testing::RawClient;

struct Reply {
    int status = 0;  // 0 = no answer came
    RawAnswer raw;

    const std::string& body() const { return raw.body; }
    std::string header(std::string_view name) const { return raw.header(name); }
    /// The body as JSON; a test failure and null if it is none.
    boost::json::value json() const;
    /// `code` of a problem document.
    std::string code() const;
};

/// The text (or the number, as text) at a JSON pointer; empty if there is none.
std::string text_at(const boost::json::value& value, std::string_view pointer);
std::int64_t number_at(const boost::json::value& value, std::string_view pointer);
/// The elements at a JSON pointer; empty if there is no array.
std::vector<boost::json::value> items_at(const boost::json::value& value, std::string_view pointer);

/// The bytes of a request, head and body, as ApiClient sends it.
std::string request_text(std::string_view method, std::string_view target, const ports::HttpFields& headers,
                         std::string_view body);

/// A multipart/form-data body: `file` and the other fields.
struct Form {
    std::string content_type;
    std::string body;
};
Form make_form(std::string_view file_name, std::string_view file_bytes,
               const std::vector<std::pair<std::string, std::string>>& fields);

class ApiClient {
public:
    ApiClient(std::uint16_t port, std::string key) : port_(port), key_(std::move(key)) {}

    Reply call(std::string_view method, std::string_view target, std::string_view body = {},
               ports::HttpFields headers = {}) const;
    Reply get(std::string_view target, ports::HttpFields headers = {}) const {
        return call("GET", target, {}, std::move(headers));
    }
    Reply post(std::string_view target, std::string_view json = "{}", ports::HttpFields headers = {}) const;

    /// POST /uploads, then PUT; the upload's id. A failure of either is one of the test.
    std::string upload(std::string_view bytes, const std::string& name = "shoe.png") const;
    /// POST /jobs with an upload; the job's id.
    std::string create(const std::string& type, const std::string& params, const std::string& upload) const;
    /// Both of the above.
    std::string create_with(const std::string& type, std::string_view bytes,
                            const std::string& params = "{}") const;
    boost::json::value job(const std::string& id) const;
    /// The job once it has ended, or as it is when the time is up.
    boost::json::value ended_job(const std::string& id, Milliseconds at_most = Milliseconds(60'000)) const;
    /// The job once its status is `status`, or has passed it.
    boost::json::value job_in(const std::string& id, std::string_view status) const;
    std::vector<boost::json::value> events(const std::string& id) const;

    std::uint16_t port() const { return port_; }
    const std::string& key() const { return key_; }
    void set_patience(Milliseconds patience) { patience_ = patience; }

private:
    std::uint16_t port_;
    std::string key_;
    Milliseconds patience_{90'000};
};

/// What follows host and port in an absolute URL.
std::string target_of(std::string_view url);

/// {"type":…,"params":…,"inputs":[{"upload":…}]}
std::string job_request(const std::string& type, const std::string& params, const std::string& upload);

/// An answer of the API that refuses: the status, the code, and everything a problem document promises
/// (media type, members, no HTML). `from_server` = answered before any handler ran.
void expect_problem(const Reply& reply, int status, std::string_view code, bool from_server = false);

}  // namespace darkroom::e2e
