// A real `darkroom endpoint` on a free port: started when the constructor returns, gone when the destructor
// does.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/curl_client.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::runpod {

struct Answer {
    int status = 0;  // 0 = none came
    std::string body;
    ports::HttpFields headers;
};

class EndpointProcess {
public:
    explicit EndpointProcess(std::vector<std::string> flags = {});

    const std::string& base() const { return base_; }  // "http://127.0.0.1:4711/v2"
    std::string root() const { return base_.substr(0, base_.size() - 3); }
    std::string journal() const { return testing::read_file(folder_.path() / "journal"); }
    std::string log() const { return testing::read_file(folder_.path() / "err"); }
    testing::ChildProcess& child() { return *child_; }

    /// As a client: `path` is behind the endpoint, as in "/run".
    Answer get(const std::string& path, Milliseconds patience = Milliseconds(10'000));
    Answer post(const std::string& path, const std::string& body);
    /// As a worker.
    Answer worker_get(const std::string& path);
    Answer worker_post(const std::string& path, const std::string& body);
    /// Any request; `path` is behind the root. No key if `key` is empty.
    Answer call(ports::HttpMethod method, const std::string& path, const std::string& key,
                const std::string& body = "", Milliseconds patience = Milliseconds(10'000));
    /// Sets faults at run time: {"name":"when"}.
    void faults(const std::string& json);
    /// Submits and returns the id; empty if there was none.
    std::string run(const std::string& body = R"({"input":{"n":1}})");

private:
    testing::TempDir folder_;
    std::unique_ptr<testing::ChildProcess> child_;
    std::string base_;
    http::CurlClient client_;
};

/// What the text of a JSON member is; empty if it is not there or no text.
std::string member(const std::string& json, const std::string& name);

}  // namespace darkroom::runpod
