// `darkroom run TYPE FILE...`: everything is checked that can be checked here before anything is sent.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/param_flags.h"
#include "cli/report.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

/// One row for each file that was named. What cannot be sent has ended already.
std::vector<Picture> look_at_files(Program& program) {
    std::vector<Picture> pictures;
    for (const auto& name : program.line.files) {
        Picture picture;
        picture.shown = name;
        auto file = inspect_file(name);
        if (file) {
            picture.file = std::move(*file);
        } else {
            program.console.problem("darkroom: " + printable(name) + " " + file.error().message);
            picture.failure = StepFailure{file.error().code, file.error().message};
            picture.ended = true;
        }
        pictures.push_back(std::move(picture));
    }
    return pictures;
}

std::set<FileIdentity> identities(const std::vector<Picture>& pictures) {
    std::set<FileIdentity> all;
    for (const auto& picture : pictures) {
        if (picture.file) all.insert(picture.file->identity);
    }
    return all;
}

/// Is there such a type? Asked first, because it also tells whether the server is there and takes the key.
ExitCode check_type(Program& program, GatewayClient& client) {
    const auto answer = client.call({ports::HttpMethod::get, "/api/v1/types", {}, {}});
    if (!answer) return program.complain(answer.error());
    const auto* document = answer->if_object();
    const auto* types = document == nullptr ? nullptr : array_member(*document, "types");
    if (types == nullptr)
        return program.complain("the server does not tell its types: is it a Darkroom server?",
                                ExitCode::failed);
    std::vector<std::string> names;
    for (const auto& type : *types) {
        if (type.is_object()) names.push_back(text_member(type.get_object(), "type"));
        if (!names.empty() && names.back() == program.line.type) return ExitCode::ok;
    }
    auto message = "there is no type \"" + program.line.type + "\"";
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    if (const auto best = nearest_word(program.line.type, candidates)) {
        message += "; did you mean \"" + printable(*best) + "\"?";
    } else {
        message += "; darkroom types lists them";
    }
    return program.complain(message, ExitCode::usage);
}

}  // namespace

ExitCode run_pictures(Program& program) {
    auto params = params_from_flags(program.line.params);
    if (!params) return program.complain(params.error(), ExitCode::usage);
    auto pictures = look_at_files(program);
    const auto usable = identities(pictures);
    if (usable.empty()) {
        tell_results(program, pictures, Milliseconds(0));
        return ExitCode::failed;
    }
    const std::filesystem::path folder = program.line.out_dir.value_or(".");
    if (const auto prepared = prepare_output_folder(folder); !prepared) {
        return program.complain(prepared.error(), ExitCode::usage);
    }
    auto connection = connect(program, true);
    if (!connection) return connection.error();
    if (const auto code = check_type(program, *connection->client); code != ExitCode::ok) return code;

    if (!connection->embedded)
        program.console.note(counted(usable.size(), "file") + " to " + connection->client->url());

    OutputNames names(folder == "." ? std::filesystem::path() : folder, usable);
    CrewPlan plan;
    plan.type = program.line.type;
    plan.params = std::move(*params);
    plan.backend = program.line.backend;
    plan.names = &names;
    return follow(program, *connection, std::move(plan), std::move(pictures));
}

}  // namespace darkroom::cli
