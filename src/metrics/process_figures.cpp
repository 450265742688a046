#include "metrics/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "metrics/moment_family.h"

namespace darkroom::metrics {
namespace {

// Fields of /proc/self/stat after the name in brackets, counted from 0 = state (proc(5) counts from 3).
constexpr std::size_t utime_field = 11;
constexpr std::size_t stime_field = 12;
constexpr std::size_t threads_field = 17;
constexpr std::size_t start_field = 19;
constexpr std::size_t vsize_field = 20;
constexpr std::size_t rss_field = 21;

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto begin = text.find_first_not_of(" \n");
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin);
        const auto end = std::min(text.find_first_of(" \n"), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

std::optional<double> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return static_cast<double>(value);
}

std::optional<double> boot_time(std::string_view stat) {
    constexpr std::string_view name = "btime ";
    const auto at = stat.find("\nbtime ");
    if (at == std::string_view::npos) return std::nullopt;
    const auto begin = at + 1 + name.size();
    return number(stat.substr(begin, stat.find('\n', begin) - begin));
}

std::string text_of(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<double> open_files() {
    std::error_code error;
    std::filesystem::directory_iterator files("/proc/self/fd", error);
    if (error) return std::nullopt;
    // One of them is the look itself.
    return static_cast<double>(std::distance(begin(files), end(files)) - 1);
}

std::optional<double> open_files_max() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::optional<ProcessFigures> parse_process_figures(std::string_view self_stat, std::string_view stat) {
    // The name may hold anything, brackets too.
    const auto name_end = self_stat.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    const auto words = words_of(self_stat.substr(name_end + 1));
    const auto boot = boot_time(stat);
    if (words.size() <= rss_field || !boot) return std::nullopt;
    const auto user = number(words[utime_field]);
    const auto system = number(words[stime_field]);
    const auto threads = number(words[threads_field]);
    const auto start = number(words[start_field]);
    const auto size = number(words[vsize_field]);
    const auto resident = number(words[rss_field]);
    if (!user || !system || !threads || !start || !size || !resident) return std::nullopt;
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    return ProcessFigures{(*user + *system) / ticks, *boot + *start / ticks, *size, *resident * page,
                          *threads};
}

std::vector<prometheus::MetricFamily> process_families() {
    std::vector<prometheus::MetricFamily> families;
    const auto add = [&](const char* name, const char* help, double value,
                         prometheus::MetricType type = prometheus::MetricType::Gauge) {
        families.push_back(MomentFamily(name, help, type).add(value).take());
    };
    if (const auto figures = parse_process_figures(text_of("/proc/self/stat"), text_of("/proc/stat"))) {
        add("process_cpu_seconds_total", "User and system time used.", figures->cpu_seconds,
            prometheus::MetricType::Counter);
        add("process_start_time_seconds", "When the process began, in seconds since 1970.",
            figures->start_time_seconds);
        add("process_virtual_memory_bytes", "Size of the address space.", figures->virtual_bytes);
        add("process_resident_memory_bytes", "Memory in use, shared pages included.",
            figures->resident_bytes);
        add("process_threads", "Threads.", figures->threads);
    }
    if (const auto open = open_files()) add("process_open_fds", "Open file descriptors.", *open);
    if (const auto limit = open_files_max())
        add("process_max_fds", "File descriptors that may be open.", *limit);
    return families;
}

}  // namespace darkroom::metrics
