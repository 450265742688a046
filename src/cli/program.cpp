#include "cli/program.h"

#include "cli/server_finder.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

std::optional<std::string> not_empty(std::optional<std::string> text) {
    if (text && text->empty()) return std::nullopt;
    return text;
}

std::unique_ptr<GatewayClient> make_client(Program& program, Server server) {
    return std::make_unique<GatewayClient>(
        program.wiring.http(), program.wiring.clock, program.wiring.random, program.stop, std::move(server),
        program.wiring.retry, [&program](const std::string& trouble) { program.console.note(trouble); });
}

Result<Connection, ExitCode> start_own_gateway(Program& program) {
    const auto data_dir = program.data_dir();
    program.console.note("No server is running, so this run starts its own; data in " +
                         printable(data_dir.string()));
    auto gateway = program.wiring.start_embedded(data_dir);
    if (!gateway) {
        return Fail(
            program.complain(gateway.error().message, static_cast<ExitCode>(gateway.error().exit_code)));
    }
    Connection connection;
    connection.embedded = std::move(*gateway);
    program.has_own_gateway = true;
    connection.client = make_client(program, {connection.embedded->url(), connection.embedded->api_key()});
    return connection;
}

}  // namespace

std::filesystem::path Program::data_dir() const {
    if (line.data_dir && !line.data_dir->empty()) return *line.data_dir;
    return not_empty(environment("DARKROOM_DATA_DIR")).value_or("./darkroom-data");
}

std::string Program::server_flags() const {
    std::string flags;
    if (line.url) flags += " --url " + shell_quoted(*line.url);
    if (line.data_dir) flags += " --data " + shell_quoted(*line.data_dir);
    return flags;
}

ExitCode Program::complain(std::string_view message, ExitCode code) {
    console.problem("darkroom: " + std::string(message));
    return code;
}

ExitCode Program::complain(const CallFailure& failure) {
    if (failure.kind == CallFailure::Kind::refused) {
        for (const auto& sentence : sentences(failure.problem))
            console.problem("darkroom: " + printable(sentence));
    } else if (failure.kind != CallFailure::Kind::stopped) {
        console.problem("darkroom: " + failure.sentence());
    }
    const auto code = failure.exit_code();
    if (code == ExitCode::not_authorised) {
        console.problem("          the key comes from DARKROOM_API_KEY, or from " +
                        printable((data_dir() / "admin.key").string()) + " for a server on this machine");
    }
    if (failure.problem.code == "storage_unavailable")
        console.problem("          darkroom doctor, on the server, names the cause");
    if (code == ExitCode::failed && !failure.problem.request_id.empty() && failure.problem.status >= 500) {
        console.problem("          request id for the server's log: " +
                        printable(failure.problem.request_id));
    }
    return code;
}

Result<Connection, ExitCode> connect(Program& program, bool may_start_one) {
    auto url = program.line.url ? program.line.url : not_empty(program.environment("DARKROOM_URL"));
    auto server = find_server(program.wiring.http(), {std::move(url), program.data_dir(),
                                                      not_empty(program.environment("DARKROOM_API_KEY"))});
    if (!server) return Fail(program.complain(server.error().message, server.error().exit_code));
    if (*server) {
        Connection connection;
        connection.client = make_client(program, std::move(**server));
        return connection;
    }
    if (may_start_one) return start_own_gateway(program);
    const auto data_dir = printable(program.data_dir().string());
    program.complain("no server runs on " + data_dir, ExitCode::unreachable);
    program.console.problem("          start one with: darkroom serve" + program.server_flags() +
                            "   or name one: --url http://host:8080");
    return Fail(ExitCode::unreachable);
}

std::string shell_quoted(const std::string& word) {
    constexpr const char* safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=@%+,-";
    if (!word.empty() && word.find_first_not_of(safe) == std::string::npos) return word;
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

}  // namespace darkroom::cli
