// Which files of a pod are an attempt's: the folder of its own, roles as the beginnings of names, and the
// keys by which Darkroom asks for them.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "comfyui/file_download.h"
#include "comfyui/history.h"
#include "ports/object_store.h"
#include "ports/remote_backend.h"

namespace darkroom::comfyui {

PromptId prompt_of(const AttemptId& attempt);
/// Of its inputs and of its results.
std::string folder_of(const AttemptId& attempt);

/// The results as Darkroom calls them: the first file of each role. Without a main one it is no result.
Result<ports::RemoteResult, Trouble> remote_result(const PromptEnd& end, const JobId& job,
                                                   const AttemptId& attempt);
/// The attempt of a key that remote_result() made.
std::optional<AttemptId> attempt_of(const core::ObjectKey& key);
/// The file behind such a key.
std::optional<ViewFile> file_of(const PromptEnd& end, const AttemptId& attempt, const core::ObjectKey& key);

ports::ObjectError object_error(const CallError& error);
std::unique_ptr<ports::ObjectReader> reader_of(std::unique_ptr<FileDownload> download);

}  // namespace darkroom::comfyui
