#include "api/error_page.h"

#include "api/handlers.h"
#include "api/problem.h"

namespace darkroom::api {
namespace {

void row(std::string& page, std::string_view code, const std::string& when, std::string_view meaning,
         bool retryable) {
    page += "<tr id=\"" + std::string(code) + "\"><td><code>" + std::string(code) + "</code></td><td>" +
            when + "</td><td>" + std::string(meaning) + "</td><td>" + (retryable ? "yes" : "no") +
            "</td></tr>\n";
}

}  // namespace

std::string error_page() {
    std::string page =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Darkroom: error "
        "codes</title></head><body>\n"
        "<h1>Error codes</h1>\n<p>Codes are stable: switch on them, show the message to people.</p>\n"
        "<h2>Answers</h2>\n<table><tr><th>code</th><th>status</th><th>meaning</th><th>may work "
        "later</th></tr>\n";
    for (int i = 0; i < problem_code_count; ++i) {
        const auto& known = traits(static_cast<ProblemCode>(i));
        row(page, known.name, std::to_string(known.status), known.title, known.retryable);
    }
    page +=
        "</table>\n<h2>Failed jobs</h2>\n<table><tr><th>code</th><th>tried again by "
        "Darkroom</th><th>meaning</th>"
        "<th>may work later</th></tr>\n";
    for (int i = 0; i < core::error_code_count; ++i) {
        const auto& known = core::traits(static_cast<core::ErrorCode>(i));
        const bool again = known.retry != core::RetryRule::never;
        row(page, known.name, again ? "yes" : "no", known.message, known.retryable);
    }
    page += "</table>\n</body></html>\n";
    return page;
}

std::vector<ports::HttpRoute> error_page_routes() {
    return {make_route(ports::HttpMethod::get, "/docs/errors", unauthenticated([](auto&) -> Answer {
                           ports::HttpResponse response;
                           response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                                               {"Content-Security-Policy", "default-src 'none'"}};
                           response.body = error_page();
                           return response;
                       }))};
}

}  // namespace darkroom::api
