// What /history/{id} says of a prompt that ended. Its messages are believed before its status: a prompt whose
// schedule failed can say success with an error in its messages. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "comfyui/prompt.h"
#include "comfyui/trouble.h"
#include "comfyui/view_file.h"

namespace darkroom::comfyui {

struct OutputFile {
    std::string node;
    std::string key;  // images, gifs, video …: what the node calls it
    ViewFile file;
};

struct PromptEnd {
    std::optional<Trouble> trouble;  // set: it did not succeed
    std::vector<OutputFile> files;   // in the order of nodes and lists; after a failure those made before
    int bad_names = 0;               // files left out because of their names
    bool is_cached = false;          // some nodes did not run again
    std::optional<Milliseconds> queue_wait;
    std::optional<Milliseconds> execution;
};

inline constexpr std::size_t history_bytes_max = 32u << 20;
inline constexpr std::size_t output_files_max = 1'000;

/// nullopt: nothing is known of this prompt, or it has not ended.
Result<std::optional<PromptEnd>, std::string> read_history(std::string_view body, const PromptId& id);

/// The results of a prompt that succeeded: its files of kind output in or below `folder`, where
/// set_save_folder had them put. Files elsewhere are an earlier run's, or somebody else's.
Result<std::vector<OutputFile>, Trouble> results_of(const PromptEnd& end, std::string_view folder);

}  // namespace darkroom::comfyui
