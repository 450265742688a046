#include "bench/gateway/process_facts.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace darkroom::bench {
namespace {

namespace fs = std::filesystem;

// The fourth field of /proc/PID/stat; the second may hold blanks and parentheses, so it is skipped from the
// back.
pid_t parent_of(const fs::path& process) {
    std::ifstream file(process / "stat");
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream rest(text.substr(name_end + 1));
    char state = 0;
    pid_t parent = 0;
    rest >> state >> parent;
    return parent;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Memory memory_of(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    Memory memory;
    for (std::string line; std::getline(status, line);) {
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon);
        auto* const field = name == "VmRSS"     ? &memory.resident
                            : name == "RssAnon" ? &memory.anonymous
                            : name == "RssFile" ? &memory.file
                                                : nullptr;
        if (field != nullptr) *field = std::stod(line.substr(colon + 1)) / 1'024;
    }
    return memory;
}

double cpu_seconds_of(pid_t process) {
    // utime and stime in /proc/PID/stat count in hundredths; this clock is the same sum in nanoseconds.
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

int open_files_of(pid_t process) {
    std::error_code error;
    const fs::directory_iterator files("/proc/" + std::to_string(process) + "/fd", error);
    return error ? 0 : static_cast<int>(std::distance(fs::begin(files), fs::end(files)));
}

std::vector<pid_t> children_of(pid_t process) {
    std::vector<pid_t> children;
    std::error_code error;
    for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (is_number(name) && parent_of(entry->path()) == process) children.push_back(std::stoi(name));
    }
    return children;
}

}  // namespace darkroom::bench
