#include "http/server_core.h"

#include "base/chance.h"
#include "base/log.h"
#include "http/answer_head.h"

namespace darkroom::http {

ServerCore::ServerCore(ServerOptions server_options, std::vector<ports::HttpRoute> routes,
                       ports::ErrorResponder responder)
    : options(std::move(server_options)),
      router(std::move(routes)),
      respond_error_(std::move(responder)),
      pool_("http-handler", options.handler_threads, options.handler_stack_bytes) {
    fill_with_chance({reinterpret_cast<std::uint8_t*>(&request_id_), sizeof request_id_});
}

void ServerCore::run_on_pool(std::function<void()> work, std::function<void()> then) {
    pool_.submit([this, work = std::move(work), then = std::move(then)]() mutable {
        work();
        work = nullptr;
        mailbox.post(std::move(then));
    });
}

ports::HttpResponse ServerCore::error_answer(int status, std::string_view code, std::string_view detail,
                                             const std::string& request_id) const {
    try {
        return respond_error_(status, code, detail, request_id);
    } catch (const std::exception& error) {
        log::error("the error responder threw", {{"error", error.what()}, {"status", status}});
    } catch (...) {
        log::error("the error responder threw", {{"status", status}});
    }
    ports::HttpResponse bare;
    bare.status = status;
    return bare;
}

const std::string& ServerCore::date() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    if (now != date_second_) {
        date_ = format_http_date(now);
        date_second_ = now;
    }
    return date_;
}

std::string ServerCore::new_request_id() {
    static constexpr char digits[] = "0123456789abcdefghijklmnopqrstuv";
    // An odd multiplier is a bijection of 64 bits: ids look unrelated and never repeat within a process.
    std::uint64_t value = ++request_id_ * 0x9e3779b97f4a7c15ULL;
    std::string id(13, '0');
    for (auto& c : id) {
        c = digits[value & 31];
        value >>= 5;
    }
    return id;
}

}  // namespace darkroom::http
