// An endpoint, a store and a gateway in one server on a free port: gives the jobs that a test wrote, holds
// long polls, keeps what is reported and stored, and answers wrongly where the test says so.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/testing/test_server.h"

namespace darkroom::worker_test {

struct Heard {
    std::string path;
    std::string query;  // job_id of a heartbeat, batch_size of a take
    std::string body;
    ports::HttpFields headers;
};

class ScriptedEndpoint {
public:
    ScriptedEndpoint();
    ~ScriptedEndpoint();

    std::string url(const std::string& path) const;
    /// The environment block of a worker of this endpoint.
    std::map<std::string, std::string> worker_environment(const std::string& worker_id) const;

    /// Job objects as JSON; each question gets one, or as many as a batch may hold.
    void give(const std::string& job_json);
    void tell_to_stop(const std::string& job_id);
    /// How the next reports of ends are answered: a status, or 0 to take it and hang up without an answer.
    void answer_ends_with(std::vector<int> statuses);
    /// What a POST to `path` is answered with from now on (200 unless set).
    void answer_with(const std::string& path, int status);
    void keep(const std::string& name, std::string bytes);

    /// Blocks until `enough` of what was heard; false after half a minute.
    bool wait(const std::function<bool()>& enough);
    std::vector<Heard> heard(const std::string& path_prefix) const;
    std::vector<Heard> ends(const std::string& job_id) const;      // reports that end a job
    std::vector<Heard> progress(const std::string& job_id) const;  // reports that do not
    std::optional<std::string> stored(const std::string& name) const;

private:
    ports::HttpResponse take(const ports::HttpRequest& request, std::size_t most);
    ports::HttpResponse stop_list(const ports::HttpRequest& request);
    ports::HttpResponse done(const ports::HttpRequest& request);
    ports::HttpResponse posted(const ports::HttpRequest& request);
    ports::HttpResponse store_get(const ports::HttpRequest& request);
    ports::HttpResponse store_put(const ports::HttpRequest& request);
    void hear(const ports::HttpRequest& request);
    std::vector<Heard> reports(const std::string& job_id, bool ends) const;

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::deque<std::string> jobs_;
    std::vector<std::string> stops_;
    std::deque<int> end_answers_;
    std::map<std::string, int> statuses_;
    std::map<std::string, std::string> store_;
    std::vector<Heard> heard_;
    bool closing_ = false;
    std::unique_ptr<http::testing::TestServer> server_;
};

}  // namespace darkroom::worker_test
