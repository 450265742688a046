// What every command has at hand, and how it gets to a gateway.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/cli.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "cli/gateway_client.h"
#include "cli/stop.h"

namespace darkroom::cli {

struct Program {
    CommandLine line;
    CliWiring& wiring;
    Console& console;
    Environment environment;
    Stop stop;
    bool has_own_gateway = false;  // it ends with this process, so no other command reaches it

    /// --data, DARKROOM_DATA_DIR, or ./darkroom-data.
    std::filesystem::path data_dir() const;
    /// The flags that lead another command to the same server, with a blank in front: " --data
    /// /srv/darkroom".
    std::string server_flags() const;

    ExitCode complain(std::string_view message, ExitCode code);
    ExitCode complain(const CallFailure& failure);
};

struct Connection {
    std::unique_ptr<EmbeddedGateway> embedded;  // nullptr = the gateway is somebody else's
    std::unique_ptr<GatewayClient> client;
};

/// To the server that is named or runs here. Otherwise, where the command may have its own, starts one; else
/// says how. A failure has been told already.
Result<Connection, ExitCode> connect(Program& program, bool may_start_one);

/// A word as a shell takes it.
std::string shell_quoted(const std::string& word);

}  // namespace darkroom::cli
