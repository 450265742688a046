// COMFYUI_MODE: where attempts run unless a job, or what can be done where, says otherwise.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace darkroom::app {

class SettingReader;

/// Beside `serverless` and `pod` the other one is there too if it is set up, and this machine always is.
/// `local`, said by name, is a promise that nothing leaves this machine.
enum class BackendMode { local, serverless, pod };

/// As in COMFYUI_MODE and in a job's `backend`.
std::string_view to_string(BackendMode mode);

/// By COMFYUI_MODE, or by what is set up where it is unset; what is wrong is left with the reader.
BackendMode read_backend_mode(SettingReader& reader, std::vector<std::string>& notes);

}  // namespace darkroom::app
