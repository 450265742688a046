#include "bench/imaging/pixel_process.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>

#include "base/check.h"
#include "base/unique_fd.h"
#include "bench/gateway/process_facts.h"
#include "tests/support/child_process.h"
#include "tools/pictures/picture_file.h"

namespace darkroom::bench {
namespace {

namespace fs = std::filesystem;

UniqueFd opened(const std::string& bytes) {
    UniqueFd fd(::memfd_create("picture", MFD_CLOEXEC));
    DR_CHECK(::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    return fd;
}

double most_resident_mib(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1'024;
    }
    return 0;
}

/// This program's children that are pixel processes.
std::vector<pid_t> pixel_processes() {
    std::vector<pid_t> found;
    for (const pid_t child : children_of(::getpid())) {
        std::error_code error;
        const auto program = fs::read_symlink("/proc/" + std::to_string(child) + "/exe", error);
        if (!error && program.filename() == "darkroom-imaging") found.push_back(child);
    }
    return found;
}

}  // namespace

PixelProcess::PixelProcess(Options options) : options_(std::move(options)) {
    fs::create_directories(options_.folder);
    imaging::PoolOptions pool;
    pool.program = options_.program;
    pool.work_dir = options_.folder / "work";
    pool.processes_max = options_.processes;
    pool.threads_per_process = options_.threads;
    pool.resident_bytes_max = std::uint64_t{4} << 30U;  // never replaced: its memory is read afterwards
    pool.cpu_limit = Milliseconds(600'000);
    pool.wall_limit = Milliseconds(600'000);
    auto opened_pool = imaging::ProcessPool::open(pool);
    if (!opened_pool) throw std::runtime_error("the pixel process: " + opened_pool.error());
    pool_ = std::move(*opened_pool);
}

PixelProcess::~PixelProcess() {
    pool_.reset();
    std::error_code ignored;
    fs::remove_all(options_.folder, ignored);
}

Result<PixelDone, core::JobError> PixelProcess::run(const std::string& operation,
                                                    const boost::json::object& params,
                                                    const std::string& input) {
    const UniqueFd fd = opened(input);
    imaging::PictureTask task;
    task.operation = operation;
    task.params = params;
    task.input = fd.get();
    task.time_limit = Milliseconds(300'000);
    const imaging::CancelFlag never;
    const auto begin = std::chrono::steady_clock::now();
    auto finished = pool_->run(task, never);
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begin;
    if (!finished) return Fail(finished.error());
    PixelDone done;
    done.measures = finished->done.measures;
    done.timing = finished->done.timing;
    done.wall_ms = wall.count();
    for (const auto& file : finished->files) {
        if (file.role == "main") {
            done.main = file.path;
            done.content_type = file.content_type;
        } else if (file.role == "mask") {
            done.mask = file.path;
        } else {
            fs::remove(file.path);
        }
    }
    return done;
}

double PixelProcess::peak_mib() const {
    double most = 0;
    for (const pid_t process : pixel_processes()) most = std::max(most, most_resident_mib(process));
    return most;
}

double PixelProcess::cpu_ms() const {
    double sum = 0;
    for (const pid_t process : pixel_processes()) sum += cpu_seconds_of(process) * 1'000;
    return sum;
}

std::string file_bytes(const cv::Mat& picture, const std::string& ending, const fs::path& folder) {
    static std::atomic<int> next{0};
    fs::create_directories(folder);
    const fs::path path = folder / ("bytes" + std::to_string(next++) + ending);
    const auto written = pictures::write_picture(picture, path);
    if (!written) throw std::runtime_error(written.error());
    std::string bytes = testing::read_file(path);
    fs::remove(path);
    return bytes;
}

}  // namespace darkroom::bench
