#include "dispatch/remote_outputs.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <span>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "dispatch/files_to_remove.h"

namespace darkroom::dispatch {
namespace {

using core::ErrorCode;

constexpr std::size_t files_max = 16;
constexpr std::size_t piece_bytes = 65'536;
constexpr std::array<std::string_view, 4> roles{"main", "mask", "preview", "report"};

Failure<OutputsFault> fault(ErrorCode code, std::string message) {
    return Fail(OutputsFault{{code, std::move(message)}, false});
}
Failure<OutputsFault> fault(ErrorCode code) { return fault(code, std::string(core::traits(code).message)); }
Failure<OutputsFault> later(ErrorCode code) {
    return Fail(OutputsFault{{code, std::string(core::traits(code).message)}, true});
}

Failure<OutputsFault> explain(const ports::RemoteFile& file, const ports::ObjectError& error) {
    if (error.kind == ports::ObjectErrorKind::missing)
        return fault(ErrorCode::output_missing, "The worker named a result that is not there.");
    log::warning("an output of a worker could not be read",
                 {{"key", file.key.str()}, {"detail", error.detail}});
    return later(ErrorCode::storage_unavailable);
}

Failure<OutputsFault> explain_write(int error) {
    log::warning("an output of a worker could not be copied", {{"errno", error}});
    return later(error == ENOSPC || error == EDQUOT ? ErrorCode::storage_full : ErrorCode::internal);
}

// What the pixel process says is about the result here: for the job's owner the input is something else.
OutputsFault explain_picture(const core::JobError& error) {
    switch (error.code) {
        case ErrorCode::interrupted:
        case ErrorCode::cancelled:
        case ErrorCode::storage_full:
        case ErrorCode::storage_unavailable:
        case ErrorCode::backend_unavailable:
            return {error, true};
        case ErrorCode::internal:
            return {error, false};
        default:
            break;
    }
    log::warning("an output of a worker is no picture that can be kept",
                 {{"code", core::to_string(error.code)}, {"detail", error.message}});
    return {{ErrorCode::output_invalid, std::string(core::traits(ErrorCode::output_invalid).message)}, false};
}

bool write_all(int file, std::span<const char> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

// The same of several files is said once.
void add_warnings(boost::json::array& all, const std::string& more_json) {
    const auto more = parse_json(more_json);
    if (!more || !more->is_array()) return;
    for (const auto& warning : more->get_array()) {
        if (std::find(all.begin(), all.end(), warning) == all.end()) all.push_back(warning);
    }
}

Result<void, OutputsFault> check_list(const ports::RemoteResult& result) {
    if (result.files.size() > files_max)
        return fault(ErrorCode::output_invalid, "The worker named more results than a job can have.");
    std::set<std::string_view> seen;
    for (const auto& file : result.files) {
        if (std::find(roles.begin(), roles.end(), file.role) == roles.end() || file.key.empty())
            return fault(ErrorCode::output_invalid, "The worker named a result of an unknown kind.");
        if (!seen.insert(file.role).second)
            return fault(ErrorCode::output_invalid, "The worker named two results of one kind.");
    }
    if (seen.count("main") == 0) return fault(ErrorCode::output_missing);
    return {};
}

/// The input that params.region.mask names; none where the region is drawn in numbers.
const core::InputImage* mask_of(const core::Job& job, const std::string& params_effective_json) {
    const auto params = parse_json(params_effective_json);
    const auto* root = params ? params->if_object() : nullptr;
    const auto* region = root == nullptr ? nullptr : root->if_contains("region");
    const auto* members = region == nullptr ? nullptr : region->if_object();
    const auto* name = members == nullptr ? nullptr : members->if_contains("mask");
    if (name == nullptr || !name->is_string()) return nullptr;
    for (std::size_t i = 1; i < job.inputs.size(); ++i) {
        if (job.inputs[i].name == name->get_string()) return &job.inputs[i];
    }
    return job.inputs.size() > 1 ? &job.inputs[1] : nullptr;
}

}  // namespace

std::optional<RegionKept> region_kept(const core::Job& job, const core::Attempt& attempt) {
    // What is built in keeps to the region by itself, wherever it runs.
    const bool is_foreign = job.type == "object_remove" && !attempt.recipe_digest.empty();
    if (!is_foreign || job.inputs.empty()) return std::nullopt;
    RegionKept kept{attempt.params_json, {job.inputs.front()}};
    if (const auto* mask = mask_of(job, attempt.params_json)) kept.inputs.push_back(*mask);
    return kept;
}

// One run of a pixel process that stop() can end.
class RemoteOutputs::Run {
public:
    explicit Run(RemoteOutputs& outputs) : outputs_(outputs), run_(outputs.pictures_.prepare()) {
        const std::lock_guard lock(outputs_.mutex_);
        outputs_.runs_.insert(run_.get());
        if (outputs_.stopping_) run_->stop();
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() {
        const std::lock_guard lock(outputs_.mutex_);
        outputs_.runs_.erase(run_.get());
    }
    ports::PictureRun& operator*() const { return *run_; }

private:
    RemoteOutputs& outputs_;
    std::unique_ptr<ports::PictureRun> run_;
};

void RemoteOutputs::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto* run : runs_) run->stop();
}

Result<ports::WorkDone, OutputsFault> RemoteOutputs::fetch(ports::RemoteBackend& site,
                                                           const ports::RemoteResult& result,
                                                           const std::optional<RegionKept>& region) {
    if (const auto fits = check_list(result); !fits) return Fail(fits.error());
    ports::WorkDone all;
    boost::json::array warnings;
    add_warnings(warnings, result.warnings_json);
    FilesToRemove files;
    for (const auto& file : result.files) {
        const auto copy = copy_of(site, file);
        if (!copy) return Fail(copy.error());
        const auto checked = check(file, copy->get(), file.role == "main" ? region : std::nullopt);
        if (!checked) return Fail(checked.error());
        files.add(*checked);
        add_warnings(warnings, checked->warnings_json);
        all.files.insert(all.files.end(), checked->files.begin(), checked->files.end());
    }
    all.execution = result.execution;
    all.measures_json = result.measures_json;
    all.warnings_json = boost::json::serialize(warnings);
    files.release();
    return all;
}

Result<UniqueFd, OutputsFault> RemoteOutputs::copy_of(ports::RemoteBackend& site,
                                                      const ports::RemoteFile& file) const {
    const auto reader = site.open_output(file);
    if (!reader) return explain(file, reader.error());
    return copy_all(**reader, file);
}

Result<UniqueFd, OutputsFault> RemoteOutputs::copy_of_input(const core::InputImage& input) const {
    if (settings_.originals == nullptr) return fault(ErrorCode::internal);
    ports::OpenOptions options;
    options.version = input.version;
    const auto reader = settings_.originals->open(input.key, options);
    if (!reader) {
        if (reader.error().kind == ports::ObjectErrorKind::missing) return fault(ErrorCode::input_missing);
        if (reader.error().kind == ports::ObjectErrorKind::changed) return fault(ErrorCode::input_changed);
        return later(ErrorCode::storage_unavailable);
    }
    auto copy = copy_all(**reader, {.role = "original", .key = input.key});
    if (!copy && !copy.error().later) return fault(ErrorCode::input_changed);
    return copy;
}

Result<UniqueFd, OutputsFault> RemoteOutputs::copy_all(ports::ObjectReader& reader,
                                                       const ports::RemoteFile& file) const {
    const auto bytes = reader.bytes();
    if (bytes > settings_.file_bytes_max)
        return fault(ErrorCode::output_invalid, "The result is larger than allowed.");
    if (bytes == 0) return fault(ErrorCode::output_invalid, "The result is empty.");
    if (file.bytes != 0 && bytes != file.bytes)
        return fault(ErrorCode::output_invalid, "The result has another length than the worker told.");
    UniqueFd copy(::open(settings_.work_dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!copy) return explain_write(errno);
    Sha256 digest;
    std::array<char, piece_bytes> buffer{};
    for (std::uint64_t copied = 0;;) {
        const auto count = reader.read(buffer);
        if (!count) return explain(file, count.error());
        copied += *count;
        // A store that gives more than it promised must not fill the disk.
        if (copied > bytes) return fault(ErrorCode::output_invalid);
        if (*count == 0) break;
        digest.update({buffer.data(), *count});
        if (!write_all(copy.get(), std::span(buffer).first(*count))) return explain_write(errno);
    }
    if (!file.sha256.empty() && to_hex(digest.finish()) != file.sha256)
        return fault(ErrorCode::output_invalid, "The result has another content than the worker told.");
    return copy;
}

Result<ports::WorkDone, OutputsFault> RemoteOutputs::check(const ports::RemoteFile& file, int input,
                                                           const std::optional<RegionKept>& region) {
    if (!region)
        return run(file, {.operation = "keep_picture",
                          .params_effective_json = file.role == "main" ? "{}" : R"({"thumbnail":false})",
                          .input = input,
                          .time_limit = settings_.time_limit});
    std::vector<UniqueFd> copies;
    std::vector<ports::PicturePart> parts;
    for (const auto& original : region->inputs) {
        auto copy = copy_of_input(original);
        if (!copy) return Fail(copy.error());
        parts.push_back({parts.empty() ? "original" : "mask", copy->get()});
        copies.push_back(*std::move(copy));
    }
    return run(file, {.operation = "composite_through_region",
                      .params_effective_json = region->params_effective_json,
                      .input = input,
                      .parts = std::move(parts),
                      .time_limit = settings_.time_limit});
}

Result<ports::WorkDone, OutputsFault> RemoteOutputs::run(const ports::RemoteFile& file,
                                                         const ports::PictureOrder& order) {
    const bool is_main = file.role == "main";
    const Run run(*this);
    auto done = (*run).run(order);
    if (!done) return Fail(explain_picture(done.error()));
    FilesToRemove files(*done);
    ports::WorkDone checked;
    checked.warnings_json = done->warnings_json;
    for (auto& produced : done->files) {
        if (produced.role == "main") {
            produced.role = file.role;
            checked.files.push_back(std::move(produced));
        } else if (produced.role == "thumbnail" && is_main) {
            checked.files.push_back(std::move(produced));
        } else {
            std::error_code ignored;
            std::filesystem::remove(produced.path, ignored);
        }
    }
    files.release();
    return checked;
}

}  // namespace darkroom::dispatch
