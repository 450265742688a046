#include "http/head_parser.h"

#include "http/asio.h"

namespace darkroom::http {
namespace {

namespace beast = boost::beast;
using BeastError = beast::error_code;
using BeastText = beast::string_view;

std::optional<ports::HttpMethod> method_of(beast::http::verb verb) {
    switch (verb) {
        case beast::http::verb::get:
            return ports::HttpMethod::get;
        case beast::http::verb::head:
            return ports::HttpMethod::head;
        case beast::http::verb::post:
            return ports::HttpMethod::post;
        case beast::http::verb::put:
            return ports::HttpMethod::put;
        case beast::http::verb::patch:
            return ports::HttpMethod::patch;
        case beast::http::verb::delete_:
            return ports::HttpMethod::del;
        case beast::http::verb::options:
            return ports::HttpMethod::options;
        default:
            return std::nullopt;
    }
}

// Beast calls these while it reads; bodies are not its business here.
class HeadReader final : public beast::http::basic_parser<true> {
public:
    explicit HeadReader(ParsedHead& head) : head_(head) {
        header_limit(1u << 20);  // HeadCheck has applied ours
        body_limit(boost::none);
    }

private:
    void on_request_impl(beast::http::verb verb, BeastText, BeastText target, int, BeastError&) override {
        head_.method = method_of(verb);
        head_.target.assign(target.data(), target.size());
    }
    void on_response_impl(int, BeastText, int, BeastError&) override {}
    void on_field_impl(beast::http::field, BeastText name, BeastText value, BeastError&) override {
        head_.fields.emplace_back(std::string(name.data(), name.size()),
                                  std::string(value.data(), value.size()));
    }
    void on_header_impl(BeastError&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
    std::size_t on_body_impl(BeastText body, BeastError&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, BeastText, BeastError&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, BeastText body, BeastError&) override {
        return body.size();
    }
    void on_finish_impl(BeastError&) override {}

    ParsedHead& head_;
};

constexpr HeadFault unreadable{400, "bad_request", "The request head cannot be read."};

}  // namespace

Result<ParsedHead, HeadFault> parse_head(std::string_view head) {
    ParsedHead parsed;
    parsed.fields.reserve(12);
    try {
        HeadReader reader(parsed);
        BeastError error;
        const auto used = reader.put(asio::buffer(head.data(), head.size()), error);
        if (error || !reader.is_header_done() || used != head.size()) return Fail(unreadable);
    } catch (const std::exception&) {  // Beast 345 throws length_error on huge fields
        return Fail(unreadable);
    }
    return parsed;
}

}  // namespace darkroom::http
