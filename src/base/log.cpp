#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <memory>

#include "base/json.h"
#include "base/log_counts.h"
#include "base/time.h"

namespace darkroom::log {
namespace {

struct Sink {
    std::shared_ptr<spdlog::logger> logger;
    Format format = Format::text;
};

Sink make_sink(Level level, Format format) {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                    spdlog::level::warn, spdlog::level::err,
                                                    spdlog::level::off};
    auto logger =
        std::make_shared<spdlog::logger>("darkroom", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(levels[static_cast<int>(level)]);
    logger->set_pattern(format == Format::json ? "%v" : "%H:%M:%S.%e %-7l %v");
    logger->flush_on(spdlog::level::info);
    return {std::move(logger), format};
}

Sink& sink() {
    static Sink instance = make_sink(Level::info, Format::text);
    return instance;
}

std::array<std::atomic<std::uint64_t>, 4> line_counts{};  // by Level

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string value_text(const Field& field, bool json) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) return std::to_string(*number);
    const auto text = std::get<std::string_view>(field.value);
    const bool plain = !json && !text.empty() && text.find_first_of(" \"=") == std::string_view::npos;
    const auto escaped = quoted(text);
    // A value with control bytes differs from its escaped form, so it never goes out plain.
    return plain && escaped.size() == text.size() + 2 ? std::string(text) : escaped;
}

void write(Level own_level, spdlog::level::level_enum level, std::string_view level_name,
           std::string_view message, Fields fields) {
    line_counts.at(static_cast<std::size_t>(own_level)).fetch_add(1, std::memory_order_relaxed);
    auto& out = sink();
    if (!out.logger->should_log(level)) return;
    std::string line;
    if (out.format == Format::json) {
        const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
        line = "{\"ts\":\"" + format_rfc3339(now) + "\",\"level\":\"" + std::string(level_name) +
               "\",\"msg\":" + quoted(message);
        for (const auto& field : fields) line += "," + quoted(field.name) + ":" + value_text(field, true);
        line += "}";
    } else {
        line = std::string(message);
        for (const auto& field : fields)
            line += " " + std::string(field.name) + "=" + value_text(field, false);
    }
    out.logger->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void configure(Level level, Format format) { sink() = make_sink(level, format); }

void debug(std::string_view message, Fields fields) {
    write(Level::debug, spdlog::level::debug, "debug", message, fields);
}
void info(std::string_view message, Fields fields) {
    write(Level::info, spdlog::level::info, "info", message, fields);
}
void warning(std::string_view message, Fields fields) {
    write(Level::warning, spdlog::level::warn, "warning", message, fields);
}
void error(std::string_view message, Fields fields) {
    write(Level::error, spdlog::level::err, "error", message, fields);
}

LineCounts written() {
    const auto of = [](Level level) { return line_counts.at(static_cast<std::size_t>(level)).load(); };
    return {of(Level::debug), of(Level::info), of(Level::warning), of(Level::error)};
}

}  // namespace darkroom::log
