// A web in memory: what each URL answers, and which requests were made. Only the pulled half of the HTTP
// client; nothing is connected to.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "ports/http_client.h"

namespace darkroom::testing {

struct WebPage {
    int status = 200;
    ports::HttpFields headers = {};
    std::string body = {};
    bool endless = false;                              // the body comes again and again
    std::optional<ports::FetchError> breaks_off = {};  // after the body
    std::function<void()> before_piece = nullptr;      // called before each read
    std::size_t piece_bytes_max = std::size_t{1} << 20;
};

class ScriptedWeb : public ports::HttpClient {
public:
    void set(const std::string& url, WebPage page) {
        const std::lock_guard lock(mutex_);
        pages_[url] = std::move(page);
    }
    void redirect(const std::string& from, const std::string& to, int status = 302) {
        set(from, {.status = status, .headers = {{"Location", to}}, .body = "moved"});
    }
    /// Nobody answers at this address.
    void break_address(const std::string& address, ports::FetchError how) {
        const std::lock_guard lock(mutex_);
        broken_[address] = how;
    }
    std::vector<ports::OutgoingRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{ports::FetchError::bad_url, "this web is pulled only"});
    }

    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest& request) override {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        if (const auto broken = broken_.find(request.connect_address); broken != broken_.end())
            return Fail(ports::FetchFailure{broken->second, "broken by the test"});
        const auto page = pages_.find(request.url);
        if (page == pages_.end())
            return std::unique_ptr<ports::OpenAnswer>(std::make_unique<Answer>(WebPage{.status = 404}));
        return std::unique_ptr<ports::OpenAnswer>(std::make_unique<Answer>(page->second));
    }

private:
    class Answer : public ports::OpenAnswer {
    public:
        explicit Answer(WebPage page) : page_(std::move(page)) {
            head_.status = page_.status;
            head_.headers = page_.headers;
        }
        const ports::FetchedAnswer& head() const override { return head_; }
        Result<std::size_t, ports::FetchFailure> read(std::span<char> buffer) override {
            if (page_.before_piece) page_.before_piece();
            if (at_ == page_.body.size() && page_.endless) at_ = 0;
            const auto bytes = std::min({buffer.size(), page_.body.size() - at_, page_.piece_bytes_max});
            if (bytes == 0 && page_.breaks_off)
                return Fail(ports::FetchFailure{*page_.breaks_off, "broken by the test"});
            std::copy_n(page_.body.data() + at_, bytes, buffer.data());
            at_ += bytes;
            return bytes;
        }

    private:
        WebPage page_;
        ports::FetchedAnswer head_;
        std::size_t at_ = 0;
    };

    mutable std::mutex mutex_;
    std::map<std::string, WebPage> pages_;
    std::map<std::string, ports::FetchError> broken_;
    std::vector<ports::OutgoingRequest> requests_;
};

}  // namespace darkroom::testing
