#include "tests/support/process_table.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/check.h"

namespace darkroom::testing {
namespace {

// "1234 (a name) S 1 …": the name may hold anything, so the last parenthesis ends it (proc(5)).
std::optional<ProcessEntry> entry_of(const std::string& stat) {
    const auto open = stat.find('(');
    const auto close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos) return std::nullopt;
    ProcessEntry entry;
    entry.pid = std::atoi(stat.c_str());
    entry.name = stat.substr(open + 1, close - open - 1);
    std::istringstream rest(stat.substr(close + 1));
    rest >> entry.state >> entry.parent;
    return entry;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::vector<ProcessEntry> running_processes() {
    std::vector<ProcessEntry> all;
    std::error_code ignored;
    for (const auto& folder : std::filesystem::directory_iterator("/proc", ignored)) {
        if (!is_number(folder.path().filename().string())) continue;
        std::ifstream file(folder.path() / "stat");
        std::string line;
        std::getline(file, line);
        if (const auto entry = entry_of(line)) all.push_back(*entry);
    }
    return all;
}

std::vector<pid_t> descendants_of(pid_t pid) {
    const auto all = running_processes();
    std::vector<pid_t> family{pid};
    for (std::size_t i = 0; i < family.size(); ++i) {
        for (const auto& entry : all) {
            if (entry.parent == family[i] && entry.state != 'Z') family.push_back(entry.pid);
        }
    }
    family.erase(family.begin());
    return family;
}

std::vector<ProcessEntry> zombies_of(pid_t pid) {
    std::vector<ProcessEntry> zombies;
    for (const auto& entry : running_processes()) {
        if (entry.parent == pid && entry.state == 'Z') zombies.push_back(entry);
    }
    return zombies;
}

Orphanage::Orphanage() { DR_CHECK(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); }
Orphanage::~Orphanage() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

std::vector<ProcessEntry> Orphanage::still_running(const std::vector<pid_t>& expected) const {
    std::vector<ProcessEntry> left;
    for (const auto& entry : running_processes()) {
        const bool known = std::find(expected.begin(), expected.end(), entry.pid) != expected.end();
        if (entry.parent != ::getpid() || known) continue;
        if (::waitpid(entry.pid, nullptr, WNOHANG) == 0) left.push_back(entry);
    }
    return left;
}

}  // namespace darkroom::testing
