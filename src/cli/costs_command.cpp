// `darkroom costs`: what was spent on RunPod, summed by type and by user.
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

std::string path_of(const CommandLine& line) {
    std::string query;
    if (!line.from.empty()) query += "&from=" + line.from;
    if (!line.to.empty()) query += "&to=" + line.to;
    if (!query.empty()) query.front() = '?';
    return "/api/v1/admin/costs" + query;
}

std::string usd_of(const json::object& sum) { return human_usd(decimal_member(sum, "cost_usd").value_or(0)); }

// As programs read it: no sign, no exponent.
std::string exact_usd_of(const json::object& sum) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.6f", decimal_member(sum, "cost_usd").value_or(0));
    return text.data();
}

std::string time_of(const json::object& sum) {
    return human_duration(Milliseconds(number_member(sum, "execution_ms")));
}

Table sums(const json::object& costs, std::string_view list, std::string_view name, const std::string& head) {
    Table table({head, "RUNS", "GPU TIME", "COST"});
    const auto* entries = array_member(costs, list);
    if (entries == nullptr) return table;
    for (const auto& entry : *entries) {
        const auto* sum = entry.if_object();
        if (sum == nullptr) continue;
        table.add({text_member(*sum, name), std::to_string(number_member(*sum, "remote_jobs")), time_of(*sum),
                   usd_of(*sum)});
    }
    return table;
}

void print_rows(Program& program, const json::array& rows) {
    Table table({"DAY", "USER", "TYPE", "ENDPOINT", "RUNS", "MS", "USD"});
    for (const auto& entry : rows) {
        const auto* row = entry.if_object();
        if (row == nullptr) continue;
        table.add({text_member(*row, "day"), text_member(*row, "user_id"), text_member(*row, "type"),
                   text_member(*row, "endpoint"), std::to_string(number_member(*row, "remote_jobs")),
                   std::to_string(number_member(*row, "execution_ms")), exact_usd_of(*row)});
    }
    for (const auto& line : table.plain_lines()) program.console.result(line);
}

void print_sums(Program& program, const json::object& costs) {
    const auto print = [&](const Table& table) {
        for (const auto& line : table.lines(program.console.table_width())) program.console.result(line);
    };
    print(sums(costs, "by_type", "type", "TYPE"));
    program.console.result("");
    print(sums(costs, "by_user", "user_id", "USER"));
}

}  // namespace

ExitCode show_costs(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto answer = connection->client->call({ports::HttpMethod::get, path_of(program.line), {}, {}});
    if (!answer) return program.complain(answer.error());
    const auto* costs = answer->if_object();
    const auto* rows = costs == nullptr ? nullptr : array_member(*costs, "rows");
    const auto* total = costs == nullptr ? nullptr : object_member(*costs, "total");
    if (rows == nullptr || total == nullptr)
        return program.complain("the server does not tell its costs: is it a Darkroom server?",
                                ExitCode::failed);
    if (program.line.json) {
        program.console.result(json_text(*answer));
        return ExitCode::ok;
    }
    const auto days = text_member(*costs, "from") + " to " + text_member(*costs, "to");
    if (program.line.plain) {
        print_rows(program, *rows);
    } else if (!rows->empty()) {
        print_sums(program, *costs);
    }
    const auto jobs =
        static_cast<std::size_t>(std::max<std::int64_t>(number_member(*total, "remote_jobs"), 0));
    program.console.note(printable(days) + ": " +
                         (rows->empty() ? "nothing was spent."
                                        : counted(jobs, "remote job") + ", " + time_of(*total) + " of GPU, " +
                                              usd_of(*total) + "."));
    return ExitCode::ok;
}

}  // namespace darkroom::cli
