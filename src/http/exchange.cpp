#include "http/exchange.h"

#include "base/log.h"

namespace darkroom::http {
namespace {

ports::HttpResponse threw(const ServerCore& core, const Exchange& exchange, const char* what) {
    log::error("a request handler threw",
               {{"route", exchange.route->pattern}, {"request_id", exchange.request.id}, {"error", what}});
    return core.error_answer(500, "internal", "Something went wrong inside Darkroom.", exchange.request.id);
}

}  // namespace

void Exchange::check_head(const ServerCore& core) {
    try {
        auto bytes_max = route->body.bytes_max;
        refusal = route->check_head(request, bytes_max);
        if (!refusal && request.content_length > bytes_max) {
            refusal = core.error_answer(413, "too_large", "The body is larger than this request may have.",
                                        request.id);
        }
    } catch (const std::exception& error) {
        refusal = threw(core, *this, error.what());
    } catch (...) {
        refusal = threw(core, *this, "not a std::exception");
    }
}

void Exchange::handle(const ServerCore& core) {
    if (unchecked_body) {
        check_head(core);
        if (refusal) {
            response = std::move(*refusal);
            return;
        }
        request.body = std::move(*unchecked_body);
    }
    try {
        response = route->handle(request);
    } catch (const std::exception& error) {
        response = threw(core, *this, error.what());
    } catch (...) {
        response = threw(core, *this, "not a std::exception");
    }
    // Here rather than on the loop, and before the client can know: who has the answer finds no file left
    // behind.
    request.spooled.reset();
}

void Exchange::tell(ports::Meters& meters, int status) const {
    ports::AnsweredRequest told;
    if (route != nullptr) told.route = route->pattern;
    told.method = ports::name_of(request.method);
    told.status = status;
    if (!waited) told.took = std::chrono::steady_clock::now() - began;
    meters.request_answered(told);
}

}  // namespace darkroom::http
