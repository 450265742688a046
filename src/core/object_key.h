// The name of an object in an ObjectStore. Keys are made by Darkroom alone, from ids and a closed list of
// endings: no text of a client ever becomes part of one.
//
//   uploaded/{upload}.{ext}                   what a client sent
//   restored/{job}/{attempt}.{ext}            the main output of an attempt
//   restored/{job}/{attempt}.{role}.{ext}     its other outputs
//   thumbnails/{job}.jpg                      of a job's attempt 1
//   thumbnails/{job}.{attempt}.jpg            of the others
//   inputs/job_{job}.{ext}                    a copy on a network volume, for a worker
//   outputs/{job}/{attempt}/{role}.{ext}      what a worker made, until it has been looked at
//   outputs/{job}/{attempt}/result.json       a worker's note on the volume that all of it is there
//   outputs/{job}/{attempt}/{role}-{attempt}_{n}_.{ext}  what ComfyUI saved there, which counts its files
//   probe/{id}.txt                            what a check of the storage writes and removes
#pragma once
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace darkroom::core {

class ObjectKey {
public:
    ObjectKey() = default;
    /// `extension` is one of extension_of()'s; anything else is a bug.
    static ObjectKey uploaded(const UploadId& upload, std::string_view extension);
    static ObjectKey restored(const JobId& job, const AttemptId& attempt, std::string_view role,
                              std::string_view extension);
    /// Every key that restored() can make for an attempt: what to remove where it is not known what is there.
    static std::vector<ObjectKey> all_restored(const JobId& job, const AttemptId& attempt);
    static ObjectKey thumbnail(const JobId& job);
    static ObjectKey thumbnail(const JobId& job, const AttemptId& attempt);
    static ObjectKey worker_input(const JobId& job, std::string_view extension);
    /// `role` also thumbnail.
    static ObjectKey worker_output(const JobId& job, const AttemptId& attempt, std::string_view role,
                                   std::string_view extension);
    static ObjectKey worker_note(const JobId& job, const AttemptId& attempt);
    /// Where all of an attempt's outputs lie, without a slash at the end.
    static std::string worker_output_prefix(const JobId& job, const AttemptId& attempt);
    /// What a worker that is not Darkroom's left on a network volume under a name of its own: its path there.
    /// nullopt if the name has a trick in it, or lies where only Darkroom writes. parse() does not take it.
    static std::optional<ObjectKey> foreign_output(std::string_view path);
    /// Every key that worker_output() and worker_note() can make for an attempt.
    static std::vector<ObjectKey> all_worker_outputs(const JobId& job, const AttemptId& attempt);
    static ObjectKey probe(const UploadId& id);
    /// The folders above, each with its slash: where upkeep looks.
    static std::span<const std::string_view> prefixes();
    /// Reads a key back from the database or from a signed URL; nullopt unless one of the functions above can
    /// have made it.
    static std::optional<ObjectKey> parse(std::string_view text);

    const std::string& str() const { return text_; }
    bool empty() const { return text_.empty(); }
    auto operator<=>(const ObjectKey&) const = default;  // NOLINT(modernize-use-nullptr): its mistake

private:
    explicit ObjectKey(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// "jpg" for image/jpeg, and so on; nullopt for a type that Darkroom does not keep.
std::optional<std::string_view> extension_of(std::string_view content_type);
std::optional<std::string_view> content_type_of(std::string_view extension);

}  // namespace darkroom::core
