#include "bench/gateway/machine.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "bench/gateway/figures.h"

namespace darkroom::bench {
namespace {

std::string processor() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
    }
    return "processor of unknown make";
}

std::string file_system(const std::filesystem::path& folder) {
    struct statfs facts {};
    if (::statfs(folder.c_str(), &facts) != 0) return "an unknown file system";
    switch (facts.f_type) {
        case 0xef53:
            return "ext4";
        case 0x58465342:
            return "xfs";
        case 0x9123683e:
            return "btrfs";
        case 0x794c7630:
            return "overlayfs";
        case 0x01021994:
            return "tmpfs (no disk: durability costs nothing here, so the figures mean nothing)";
        default:
            return "file system type " + std::to_string(facts.f_type);
    }
}

std::string kernel() {
    struct utsname name {};
    return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release : "an unknown kernel";
}

}  // namespace

double load_average() {
    double load = 0;
    return ::getloadavg(&load, 1) == 1 ? load : 0;
}

std::string describe_machine(const std::filesystem::path& folder) {
    struct sysinfo memory {};
    ::sysinfo(&memory);
    const auto gib = static_cast<double>(memory.totalram) * memory.mem_unit / (1024.0 * 1024 * 1024);
    return processor() + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores, " +
           number(gib) + " GiB, " + kernel() + ", " + file_system(folder) + "; load of the last minute " +
           number(load_average(), 2);
}

}  // namespace darkroom::bench
