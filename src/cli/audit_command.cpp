// `darkroom audit licences`: with which models pictures were made, and under which licences.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <set>

#include "cli/commands.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr int pages_max = 100'000;  // of a thousand: a server that never ends must not keep us

struct Audit {
    std::string since;
    json::array attempts;
};

Result<Audit, ExitCode> fetch_all(Program& program, GatewayClient& client) {
    Audit audit;
    std::string cursor;
    for (int page = 0; page < pages_max; ++page) {
        std::string path = "/api/v1/admin/audit/licences?limit=1000";
        if (!program.line.since.empty()) path += "&since=" + program.line.since;
        if (!cursor.empty()) path += "&cursor=" + cursor;
        auto answer = client.call({ports::HttpMethod::get, path, {}, {}});
        if (!answer) return Fail(program.complain(answer.error()));
        const auto* document = answer->if_object();
        const auto* attempts = document == nullptr ? nullptr : array_member(*document, "attempts");
        if (attempts == nullptr)
            return Fail(program.complain("the server does not tell its attempts: is it a Darkroom server?",
                                         ExitCode::failed));
        audit.since = text_member(*document, "since");
        audit.attempts.insert(audit.attempts.end(), attempts->begin(), attempts->end());
        const auto next = text_member(*document, "next_cursor");
        if (next.empty() || next == cursor || next.find_first_not_of("0123456789") != std::string::npos)
            return audit;
        cursor = next;
    }
    return audit;
}

std::string model_name(const json::object& model) {
    auto name = text_member(model, "name");
    if (const auto version = text_member(model, "version"); !version.empty()) name += " " + version;
    return name;
}

// What an attempt without models used is Darkroom's own.
std::vector<json::object> models_of(const json::object& attempt) {
    std::vector<json::object> models;
    const auto* list = array_member(attempt, "models");
    for (const auto& model : list != nullptr ? *list : json::array())
        if (model.is_object()) models.push_back(model.get_object());
    return models;
}

struct Use {
    std::set<std::string> recipes;
    std::size_t attempts = 0;
};

/// A row for each model and licence: what a lawyer asks for first.
Table sums(const json::array& attempts) {
    std::map<std::vector<std::string>, Use> uses;
    for (const auto& entry : attempts) {
        const auto* attempt = entry.if_object();
        if (attempt == nullptr) continue;
        const auto recipe = text_member(*attempt, "recipe");
        const auto models = models_of(*attempt);
        if (models.empty()) {
            auto& use = uses[{"(built in)", "Apache-2.0", "yes", ""}];
            use.recipes.insert(recipe);
            ++use.attempts;
        }
        for (const auto& model : models) {
            auto& use = uses[{model_name(model), text_member(model, "licence"),
                              text_member(model, "commercial"), text_member(model, "grant")}];
            use.recipes.insert(recipe);
            ++use.attempts;
        }
    }
    Table table({"MODEL", "LICENCE", "COMMERCIAL", "GRANT", "ATTEMPTS", "RECIPES"});
    for (const auto& [what, use] : uses) {
        std::string recipes;
        for (const auto& recipe : use.recipes) recipes += (recipes.empty() ? "" : ", ") + recipe;
        table.add({what[0], what[1], what[2], what[3], std::to_string(use.attempts), recipes});
    }
    return table;
}

/// A row for each attempt and model.
Table rows(const json::array& attempts) {
    Table table({"TIME", "JOB", "ATTEMPT", "USER", "TYPE", "BACKEND", "STATUS", "RECIPE", "DIGEST", "MODEL",
                 "SHA256", "LICENCE", "COMMERCIAL", "GRANT"});
    for (const auto& entry : attempts) {
        const auto* attempt = entry.if_object();
        if (attempt == nullptr) continue;
        auto models = models_of(*attempt);
        if (models.empty()) models.emplace_back();
        for (const auto& model : models) {
            table.add({text_member(*attempt, "created_at"), text_member(*attempt, "job_id"),
                       std::to_string(number_member(*attempt, "number")), text_member(*attempt, "user_id"),
                       text_member(*attempt, "type"), text_member(*attempt, "backend"),
                       text_member(*attempt, "status"), text_member(*attempt, "recipe"),
                       text_member(*attempt, "recipe_digest"), model_name(model),
                       text_member(model, "sha256"), text_member(model, "licence"),
                       text_member(model, "commercial"), text_member(model, "grant")});
        }
    }
    return table;
}

}  // namespace

ExitCode audit_licences(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto audit = fetch_all(program, *connection->client);
    if (!audit) return audit.error();
    if (program.line.json) {
        program.console.result(
            json_text(json::object{{"since", audit->since}, {"attempts", audit->attempts}}));
        return ExitCode::ok;
    }
    if (program.line.plain) {
        for (const auto& line : rows(audit->attempts).plain_lines()) program.console.result(line);
    } else if (!audit->attempts.empty()) {
        for (const auto& line : sums(audit->attempts).lines(program.console.table_width()))
            program.console.result(line);
    }
    program.console.note(
        "since " + printable(audit->since) + ": " +
        (audit->attempts.empty() ? "no attempts." : counted(audit->attempts.size(), "attempt") + "."));
    return ExitCode::ok;
}

}  // namespace darkroom::cli
