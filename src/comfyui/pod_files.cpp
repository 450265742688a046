#include "comfyui/pod_files.h"

#include <array>

namespace darkroom::comfyui {
namespace {

using ports::ObjectErrorKind;

constexpr std::array<std::string_view, 3> roles = {"main", "mask", "preview"};

/// "main" of main_00001_.png; empty for other names.
std::string_view role_of(const ViewFile& file) {
    const auto word = std::string_view(file.name).substr(0, file.name.find('_'));
    for (const auto role : roles) {
        if (role == word) return role;
    }
    return {};
}

std::string_view extension_of_name(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    const auto ending = name.substr(dot + 1);
    if (ending == "jpeg") return "jpg";
    return core::content_type_of(ending) ? ending : std::string_view{};
}

class PodReader final : public ports::ObjectReader {
public:
    explicit PodReader(std::unique_ptr<FileDownload> download) : download_(std::move(download)) {}

    std::uint64_t bytes() const override { return download_->total().value_or(0); }
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
        const auto got = download_->read(buffer);
        if (!got) return Fail(object_error(got.error()));
        return *got;
    }
    int fd() const override { return -1; }

private:
    std::unique_ptr<FileDownload> download_;
};

}  // namespace

PromptId prompt_of(const AttemptId& attempt) { return PromptId(attempt.bytes()); }

std::string folder_of(const AttemptId& attempt) { return "dr/" + attempt.str(); }

Result<ports::RemoteResult, Trouble> remote_result(const PromptEnd& end, const JobId& job,
                                                   const AttemptId& attempt) {
    const auto files = results_of(end, folder_of(attempt));
    if (!files) return Fail(files.error());
    ports::RemoteResult result;
    result.execution = end.execution.value_or(Milliseconds(0));
    for (const auto role : roles) {
        for (const auto& file : *files) {
            if (role_of(file.file) != role) continue;
            const auto extension = extension_of_name(file.file.name);
            if (extension.empty())
                return Fail(
                    Trouble{TroubleKind::bad_output_name, std::string(role), "the file is of no known kind"});
            result.files.push_back({std::string(role),
                                    core::ObjectKey::worker_output(job, attempt, role, extension),
                                    {},
                                    std::string(*core::content_type_of(extension)),
                                    0,
                                    {}});
            break;
        }
    }
    if (result.files.empty() || result.files.front().role != "main")
        return Fail(Trouble{TroubleKind::no_output, {}, "no file of the node that is the result"});
    return result;
}

std::optional<AttemptId> attempt_of(const core::ObjectKey& key) {
    // outputs/{job}/{attempt}/{role}.{ext}
    constexpr std::size_t begin = 8 + 36 + 1;
    if (!key.str().starts_with("outputs/") || key.str().size() < begin + 36) return std::nullopt;
    return AttemptId::parse(std::string_view(key.str()).substr(begin, 36));
}

std::optional<ViewFile> file_of(const PromptEnd& end, const AttemptId& attempt, const core::ObjectKey& key) {
    const auto files = results_of(end, folder_of(attempt));
    if (!files) return std::nullopt;
    const auto name = std::string_view(key.str()).substr(key.str().rfind('/') + 1);
    const auto wanted = name.substr(0, name.find('.'));
    for (const auto& file : *files) {
        if (!wanted.empty() && role_of(file.file) == wanted) return file.file;
    }
    return std::nullopt;
}

ports::ObjectError object_error(const CallError& error) {
    ports::ObjectError out{ObjectErrorKind::unavailable, error.detail};
    if (error.kind == CallErrorKind::missing) out.kind = ObjectErrorKind::missing;
    if (error.kind == CallErrorKind::changed) out.kind = ObjectErrorKind::changed;
    if (error.kind == CallErrorKind::auth) out.kind = ObjectErrorKind::denied;
    return out;
}

std::unique_ptr<ports::ObjectReader> reader_of(std::unique_ptr<FileDownload> download) {
    return std::make_unique<PodReader>(std::move(download));
}

}  // namespace darkroom::comfyui
