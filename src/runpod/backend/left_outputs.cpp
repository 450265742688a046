#include "runpod/backend/left_outputs.h"

#include <string>

#include "base/log.h"
#include "runpod/backend/remote_words.h"
#include "runpod/protocol/json_members.h"
#include "runpod/protocol/work_result.h"

namespace darkroom::runpod {
namespace {

using core::ObjectKey;
using ports::ObjectErrorKind;

constexpr std::size_t note_bytes_max = work_result_bytes_max + 4096;

/// nullopt: none, or more than one may have.
ports::ObjectResult<std::optional<std::string>> read_note(ports::ObjectStore& store, const ObjectKey& key) {
    std::optional<std::string> text;
    auto reader = store.open(key);
    if (!reader && reader.error().kind == ObjectErrorKind::missing) return text;
    if (!reader) return Fail(std::move(reader).error());
    text.emplace();
    std::array<char, 16'384> buffer{};
    for (;;) {
        const auto got = (*reader)->read(buffer);
        if (!got) return Fail(got.error());
        if (*got == 0) return text;
        text->append(buffer.data(), *got);
        if (text->size() > note_bytes_max) return std::optional<std::string>();
    }
}

std::optional<ports::RemoteResult> result_in(const std::string& note, const JobId& job,
                                             const AttemptId& attempt) {
    auto members = pick_json_members(note, {{"result", note.size()}}, note.size());
    if (!members) return std::nullopt;
    const auto result = parse_work_result(members->take_json("result").value_or(""));
    if (!result || result->duplicate) return std::nullopt;
    auto files = believed(*result, job, attempt);
    if (files) return *std::move(files);
    log::warning("a worker's note is refused", {{"attempt", attempt.str()}, {"why", files.error()}});
    return std::nullopt;
}

ports::ObjectResult<std::optional<ports::ObjectInfo>> head_of(ports::ObjectStore& store,
                                                              const ObjectKey& key) {
    auto head = store.head(key);
    if (head) return std::optional(*std::move(head));
    if (head.error().kind == ObjectErrorKind::missing) return std::optional<ports::ObjectInfo>();
    return Fail(std::move(head).error());
}

/// Files that the note tells of may have been removed since.
ports::ObjectResult<bool> all_there(ports::ObjectStore& store, const ports::RemoteResult& result) {
    for (const auto& file : result.files) {
        const auto head = head_of(store, file.key);
        if (!head) return Fail(head.error());
        if (!*head || (*head)->bytes != file.bytes) return false;
    }
    return true;
}

ports::ObjectResult<std::optional<ports::RemoteFile>> file_of_role(ports::ObjectStore& store,
                                                                   std::string_view role, const JobId& job,
                                                                   const AttemptId& attempt) {
    for (const auto extension : output_extensions) {
        const auto key = ObjectKey::worker_output(job, attempt, role, extension);
        const auto head = head_of(store, key);
        if (!head) return Fail(head.error());
        if (*head && (*head)->bytes > 0)
            return std::optional(ports::RemoteFile{std::string(role),
                                                   key,
                                                   {},
                                                   std::string(*core::content_type_of(extension)),
                                                   (*head)->bytes,
                                                   {}});
    }
    return std::optional<ports::RemoteFile>();
}

}  // namespace

ports::ObjectResult<std::optional<ports::RemoteResult>> left_outputs(ports::ObjectStore& store,
                                                                     const JobId& job,
                                                                     const AttemptId& attempt) {
    const auto note = read_note(store, ObjectKey::worker_note(job, attempt));
    if (!note) return Fail(note.error());
    if (*note) {
        auto result = result_in(**note, job, attempt);
        const auto complete = result ? all_there(store, *result) : ports::ObjectResult<bool>(false);
        if (!complete) return Fail(complete.error());
        if (*complete) return result;
    }
    ports::RemoteResult result;
    for (const auto role : output_roles) {
        auto file = file_of_role(store, role, job, attempt);
        if (!file) return Fail(std::move(file).error());
        if (*file) result.files.push_back(**std::move(file));
        if (result.files.empty()) return std::optional<ports::RemoteResult>();  // main comes first
    }
    return std::optional(std::move(result));
}

}  // namespace darkroom::runpod
