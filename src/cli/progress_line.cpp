#include "cli/progress_line.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr int bar_min = 8;
constexpr int bar_max = 32;

std::string bar(double share, int columns) {
    const auto filled = static_cast<std::size_t>(share * columns);
    const auto all = static_cast<std::size_t>(columns);
    return std::string(std::min(filled, all), '#') + std::string(all - std::min(filled, all), '-');
}

double share_of(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

/// Pictures per second, or per minute where that is easier to read.
std::string rate_words(const RunProgress& progress) {
    const auto seconds = static_cast<double>(progress.elapsed.count()) / 1'000;
    if (seconds <= 0 || progress.ended() == 0) return {};
    const double per_second = static_cast<double>(progress.ended()) / seconds;
    std::array<char, 32> buffer{};
    if (per_second >= 1) {
        std::snprintf(buffer.data(), buffer.size(), "%.1f/s", per_second);
    } else {
        std::snprintf(buffer.data(), buffer.size(), "%.1f/min", per_second * 60);
    }
    return buffer.data();
}

/// What stands behind the bar, most important first.
std::vector<std::string> details(const RunProgress& progress, bool sending) {
    std::vector<std::string> words;
    if (sending) {
        words.push_back(human_bytes(progress.bytes_sent) + " of " + human_bytes(progress.bytes_total));
        if (progress.elapsed.count() >= 500) {
            const auto per_second =
                progress.bytes_sent * 1'000 / static_cast<std::uint64_t>(progress.elapsed.count());
            words.push_back(human_bytes(per_second) + "/s");
        }
        return words;
    }
    if (!progress.waits_for.empty()) words.push_back(progress.waits_for);
    if (progress.failed > 0) words.push_back("failed " + std::to_string(progress.failed));
    if (const auto left = time_left(progress); left.count() > 0)
        words.push_back("eta " + human_duration(left));
    if (auto rate = rate_words(progress); !rate.empty()) words.push_back(std::move(rate));
    if (progress.sent < progress.total) words.push_back("sent " + std::to_string(progress.sent));
    return words;
}

}  // namespace

Milliseconds time_left(const RunProgress& progress) {
    if (progress.ended() == 0 || progress.ended() >= progress.total) return Milliseconds(0);
    return progress.elapsed * static_cast<std::int64_t>(progress.total - progress.ended()) /
           static_cast<std::int64_t>(progress.ended());
}

std::string progress_line(const RunProgress& progress, int width) {
    const bool sending = progress.ended() == 0 && progress.sent < progress.total;
    const auto done = sending ? progress.sent : progress.ended();
    const double share =
        sending ? share_of(progress.bytes_sent, progress.bytes_total) : share_of(done, progress.total);
    const auto total = std::to_string(progress.total);
    auto count = std::to_string(done);
    count.insert(0, total.size() - std::min(total.size(), count.size()), ' ');
    const std::string head = (sending ? "Sending  " : "Working  ") + count + "/" + total;

    auto words = details(progress, sending);
    const int room = width - 1;  // the last column stays free: some terminals wrap when it is written
    const auto tail = [&] {
        std::string text;
        for (const auto& word : words) text += "  " + word;
        return text;
    };
    while (!words.empty() && display_width(head) + 2 + bar_min + display_width(tail()) > room)
        words.pop_back();
    const int bar_room = room - display_width(head) - 2 - display_width(tail());
    if (bar_room < bar_min) return cut_to_width(head, std::max(room, 1));
    return head + "  " + bar(share, std::min(bar_room, bar_max)) + tail();
}

}  // namespace darkroom::cli
