// For this room's tests only: a gateway behind ports::HttpClient that lives in memory, and answers that a
// test scripts.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ports/http_client.h"

namespace darkroom::cli::fakes {

using Answer = Result<ports::FetchedAnswer, ports::FetchFailure>;
using Handler = std::function<Answer(const ports::OutgoingRequest&)>;

ports::FetchedAnswer json_answer(int status, std::string body, ports::HttpFields headers = {});
ports::FetchedAnswer problem_answer(int status, const std::string& code, const std::string& detail);
ports::FetchFailure failure(ports::FetchError kind);

/// Answers by the first rule whose method fits and whose text is part of the URL; what no rule knows is
/// "unreachable". Rules that are added later come first, and one with a count is used up. Any thread.
class ScriptedHttp : public ports::HttpClient {
public:
    void on(ports::HttpMethod method, const std::string& url_part, Handler handler, int times = -1);
    Answer fetch(const ports::OutgoingRequest& request) override;
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest& request) override;

    struct Seen {
        ports::HttpMethod method;
        std::string url;
        std::string body;  // of a body file, its bytes
        ports::HttpFields headers;
        std::string header(const std::string& name) const;
    };
    std::vector<Seen> seen() const;
    std::vector<Seen> seen(ports::HttpMethod method, const std::string& url_part) const;

private:
    struct Rule {
        ports::HttpMethod method;
        std::string url_part;
        Handler handler;
        int times;
    };
    mutable std::mutex mutex_;
    std::vector<Rule> rules_;
    std::vector<Seen> seen_;
};

/// What `darkroom serve` would answer: takes uploads, makes jobs that have succeeded when they are asked for,
/// and serves each one's bytes with "done:" before them. Jobs whose bytes hold "bad picture" fail.
class FakeGateway {
public:
    explicit FakeGateway(ScriptedHttp& http, std::string url = "http://127.0.0.1:8080");

    std::string key = "dk_test";
    std::string content_type = "image/png";
    std::string attempts_json;  // of every job; empty = not told
    std::size_t jobs() const;
    std::vector<std::string> job_ids() const;
    std::string job_json(const std::string& id) const;

private:
    Answer upload(const ports::OutgoingRequest& request);
    Answer put(const ports::OutgoingRequest& request);
    Answer create(const ports::OutgoingRequest& request);
    Answer show(const ports::OutgoingRequest& request);
    Answer download(const ports::OutgoingRequest& request);
    std::string job_json_locked(const std::string& id) const;

    struct FakeJob {
        std::string type;
        std::string file;
        std::string params;
        std::string bytes;
    };
    const std::string url_;
    mutable std::mutex mutex_;
    std::map<std::string, std::string> uploads_;      // id → bytes
    std::map<std::string, FakeJob> jobs_;             // id → job
    std::map<std::string, std::string> idempotency_;  // key → id
    std::vector<std::string> order_;
};

}  // namespace darkroom::cli::fakes
