// Words and headers that are not written here, or only in some rooms.
#include <array>
#include <string>
#include <string_view>

#include "tests/house/arrows.h"
#include "tests/house/cpp_text.h"
#include "tests/house/text_rules.h"

namespace darkroom::house {
namespace {

enum class Where {
    everywhere,
    outside_http,
    outside_the_clock,  // everywhere but in the adapter that is the clock
    logic,  // rooms that a simulation runs on a clock and schedule of its own; their tests are free
    pure,   // rooms that do no I/O at all; their tests are free
};

struct Rule {
    std::string_view needle;
    Where where;
    std::string_view advice;
};

constexpr std::string_view take_the_clock =
    "time and waiting come from ports/clock.h, so that a simulation can give them";
constexpr std::string_view no_sleep = "nothing sleeps: wait for a signal with a deadline (ports/clock.h)";
constexpr std::string_view no_threads_here = "threads are app's; this room is run by whoever owns one";
constexpr std::string_view no_coroutines =
    "blocking code on named threads; coroutines, if any, stay inside http/";
constexpr std::string_view clang_14 =
    "clang 14 (clang-tidy, libFuzzer) cannot parse it with Debian 12's library";

constexpr std::array words = {
    Rule{"std::expected", Where::everywhere, "use base/result.h"},
    Rule{"std::format", Where::everywhere, "g++ 12 does not have it; use fmt or +"},
    Rule{"std::views", Where::everywhere, clang_14},
    Rule{"ranges::views", Where::everywhere, clang_14},
    Rule{"std::source_location", Where::everywhere, clang_14},
    Rule{"detach", Where::everywhere, "every thread has an owner that stops and joins it"},
    Rule{"detached", Where::everywhere, "every task has an owner that stops it and waits for it"},
    Rule{"sleep_for", Where::outside_the_clock, no_sleep},
    Rule{"sleep_until", Where::outside_the_clock, no_sleep},
    Rule{"usleep", Where::everywhere, no_sleep},
    Rule{"nanosleep", Where::everywhere, no_sleep},
    Rule{"::sleep", Where::everywhere, no_sleep},
    Rule{"co_await", Where::outside_http, no_coroutines},
    Rule{"co_return", Where::outside_http, no_coroutines},
    Rule{"co_yield", Where::outside_http, no_coroutines},
    Rule{"co_spawn", Where::outside_http, no_coroutines},
    Rule{"::now(", Where::logic, take_the_clock},
    Rule{"clock_gettime", Where::logic, take_the_clock},
    Rule{"gettimeofday", Where::logic, take_the_clock},
    Rule{"std::time", Where::logic, take_the_clock},
    Rule{"std::random_device", Where::logic, "unpredictable bytes come from ports/random.h"},
    Rule{"std::thread", Where::logic, no_threads_here},
    Rule{"std::jthread", Where::logic, no_threads_here},
    Rule{"std::async", Where::everywhere, no_threads_here},
    Rule{"pthread_create", Where::logic, no_threads_here},
    Rule{"getenv", Where::logic, "settings come in through app"},
};

constexpr std::string_view values_only = "this room is pure: values in, values out";

constexpr std::array headers = {
    Rule{"expected", Where::everywhere, "use base/result.h"},
    Rule{"format", Where::everywhere, "g++ 12 does not have it; use fmt or +"},
    Rule{"source_location", Where::everywhere, clang_14},
    Rule{"thread", Where::pure, values_only},
    Rule{"mutex", Where::pure, values_only},
    Rule{"shared_mutex", Where::pure, values_only},
    Rule{"atomic", Where::pure, values_only},
    Rule{"condition_variable", Where::pure, values_only},
    Rule{"future", Where::pure, values_only},
    Rule{"filesystem", Where::pure, values_only},
    Rule{"fstream", Where::pure, values_only},
    Rule{"iostream", Where::pure, values_only},
    Rule{"unistd.h", Where::pure, values_only},
    Rule{"fcntl.h", Where::pure, values_only},
    Rule{"sys/", Where::pure, values_only},
    Rule{"netinet/", Where::pure, values_only},
    Rule{"arpa/", Where::pure, values_only},
    Rule{"openssl/", Where::pure, "digests come from base/digest.h"},
};

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    for (const auto candidate : names) {
        if (candidate == name) return true;
    }
    return false;
}

bool applies(Where where, const std::string& path) {
    const auto* room = room_of_file(path);
    const auto name = room == nullptr ? std::string_view{} : room->name;
    switch (where) {
        case Where::everywhere:
            return true;
        case Where::outside_http:
            return name != "http";
        case Where::outside_the_clock:
            return path.find("/system_clock.") == std::string::npos;
        case Where::logic:
            return !is_test(path) && one_of(name, {"core", "recipes", "runpod/protocol", "ports",
                                                   "runpod/client", "dispatch", "api"});
        case Where::pure:
            return !is_test(path) && one_of(name, {"core", "recipes", "runpod/protocol"});
    }
    return true;
}

bool names_header(std::string_view target, std::string_view rule) {
    return rule.ends_with('/') ? target.starts_with(rule) : target == rule;
}

}  // namespace

std::vector<Finding> check_words(const SourceFile& file) {
    std::vector<Finding> findings;
    const auto code = split_cpp(file.text).code;
    for (const auto& rule : words) {
        if (!applies(rule.where, file.path)) continue;
        for (auto at = find_name(code, rule.needle); at != std::string::npos;
             at = find_name(code, rule.needle, at + 1)) {
            findings.push_back(
                {file.path, line_at(code, at), std::string(rule.needle) + ": " + std::string(rule.advice)});
        }
    }
    for (const auto& include : includes_of(file.text, code)) {
        for (const auto& rule : headers) {
            if (!names_header(include.target, rule.needle) || !applies(rule.where, file.path)) continue;
            findings.push_back(
                {file.path, include.line, "<" + include.target + ">: " + std::string(rule.advice)});
        }
    }
    return findings;
}

}  // namespace darkroom::house
