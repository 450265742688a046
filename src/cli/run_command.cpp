// `darkroom run TYPE FILE...`: everything is checked that can be checked here before anything is sent.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "base/nearest.h"
#include "cli/chain_flags.h"
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
    std::set<std::string> names;
    for (const auto& type : *types)
        if (type.is_object()) names.insert(text_member(type.get_object(), "type"));
    const auto wanted = types_of(program.line.type);
    const auto unknown =
        std::find_if(wanted.begin(), wanted.end(), [&](const auto& type) { return names.count(type) == 0; });
    if (unknown == wanted.end()) return ExitCode::ok;
    auto message = "there is no type \"" + *unknown + "\"";
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    if (const auto best = nearest_word(*unknown, candidates)) {
        message += "; did you mean \"" + printable(*best) + "\"?";
    } else {
        message += "; darkroom types lists them";
    }
    return program.complain(message, ExitCode::usage);
}

/// Type, params and mask as the flags have them; the error is a sentence.
Result<CrewPlan, std::string> plan_from_flags(const CommandLine& line) {
    CrewPlan plan;
    auto params = params_from_flags(line.params);
    if (!params) return Fail(params.error());
    if (line.mask) {
        auto mask = inspect_file(*line.mask);
        if (!mask) return Fail(printable(*line.mask) + " " + mask.error().message);
        plan.mask = *std::move(mask);
    }
    plan.backend = line.backend;
    plan.type = line.type;
    const auto types = types_of(line.type);
    if (types.size() == 1) {
        if (plan.mask) name_mask(*params);
        plan.params = *std::move(params);
        return plan;
    }
    auto steps = steps_from_flags(types, *params);
    if (!steps) return Fail(steps.error());
    plan.type = "chain";
    plan.steps = *std::move(steps);
    if (plan.mask) {
        auto& own = plan.steps.front().as_object()["params"];
        if (own.is_null()) own.emplace_object();
        name_mask(own.as_object());
    }
    return plan;
}

}  // namespace

ExitCode run_pictures(Program& program) {
    auto plan = plan_from_flags(program.line);
    if (!plan) return program.complain(plan.error(), ExitCode::usage);
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
    plan->names = &names;
    return follow(program, *connection, *std::move(plan), std::move(pictures));
}

}  // namespace darkroom::cli
