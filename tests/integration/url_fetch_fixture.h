// Fetches by URL with the real client, a scripted DNS, and a site on loopback that the operator allows by
// name. Nothing leaves the machine.
#pragma once
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <mutex>
#include <string>

#include "base/log.h"
#include "http/curl_client.h"
#include "http/testing/raw_server.h"
#include "intake/url_fetch.h"
#include "tests/support/real_clock.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {

using http::testing::RawServer;

/// What a test and its site's threads tell each other.
class Note {
public:
    void set(std::string text) {
        const std::lock_guard lock(mutex_);
        text_ = std::move(text);
    }
    std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

/// "/x?y" of "GET /x?y HTTP/1.1".
inline std::string target_of(const std::string& request) {
    const auto begin = request.find(' ') + 1;
    return request.substr(begin, request.find(' ', begin) - begin);
}

inline std::string ok_answer(const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
}

inline std::string redirect_answer(const std::string& location, int status = 302) {
    return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + location +
           "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

class UrlFetchFixture : public ::testing::Test {
protected:
    UrlFetchFixture() {
        log::configure(log::Level::off, log::Format::text);
        limits_.spool_dir = folder_.path();
    }

    /// Allows `name` at the site's port, and lets it mean `addresses`.
    std::string allow(const std::string& name, const RawServer& site,
                      ScriptedResolver::Addresses addresses = {"127.0.0.1"}) {
        resolver_.set(name, std::move(addresses));
        limits_.rules.hosts.push_back({name, site.port()});
        return "http://" + name + ":" + std::to_string(site.port());
    }

    Result<intake::SpoolFile, intake::Refusal> fetch_file(const std::string& url) {
        return intake::UrlFetch(client_, resolver_, clock_, random_, limits_).fetch(url);
    }
    /// The bytes at the URL, or "refused: …", "failed: …", "later: …".
    std::string fetch(const std::string& url) {
        const auto file = fetch_file(url);
        if (file) {
            std::ifstream in(file->path(), std::ios::binary);
            return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        }
        if (const auto* refused = std::get_if<intake::UrlRefused>(&file.error()))
            return "refused: " + refused->why;
        const auto* const failed = std::get_if<intake::UrlFailed>(&file.error());
        if (failed == nullptr) return "other";
        return (failed->retryable ? "later: " : "failed: ") + failed->why;
    }
    bool nothing_left() const { return std::filesystem::is_empty(folder_.path()); }

    TempDir folder_;
    RealClock clock_;
    SeededRandom random_{6};
    ScriptedResolver resolver_;
    http::CurlClient client_;
    intake::UrlFetchLimits limits_;
};

}  // namespace darkroom::testing
