// Which gateway a command talks to, and with which key: --url or DARKROOM_URL, else the one that runs on the
// data folder.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/gateway_client.h"
#include "ports/http_client.h"

namespace darkroom::cli {

struct FindRequest {
    std::optional<std::string> url;  // as the user gave it
    std::filesystem::path data_dir;
    std::optional<std::string> api_key;  // DARKROOM_API_KEY
};

struct FindProblem {
    std::string message;
    ExitCode exit_code = ExitCode::usage;
};

/// Nothing = no gateway runs on this data folder: gateway.json is missing or stale (its /healthz does not
/// answer). The folder's admin.key goes only to that gateway and to loopback addresses, never to another
/// machine.
Result<std::optional<Server>, FindProblem> find_server(ports::HttpClient& http, const FindRequest& request);

}  // namespace darkroom::cli
