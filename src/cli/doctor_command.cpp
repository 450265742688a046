// `darkroom doctor`: is everything that Darkroom is configured with there, and does it work? One line for
// each thing, of a fault its cause.
#include <algorithm>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

using Level = DoctorFinding::Level;

std::string_view word(Level level) {
    switch (level) {
        case Level::ok:
            return "ok";
        case Level::warning:
            return "warn";
        case Level::failed:
            break;
    }
    return "FAIL";
}

Tint tint(Level level) {
    return level == Level::ok ? Tint::good : level == Level::failed ? Tint::bad : Tint::none;
}

void print_lines(Program& program, const std::vector<DoctorFinding>& findings) {
    int width = 0;
    for (const auto& finding : findings) width = std::max(width, display_width(finding.about));
    for (const auto& [level, about, detail] : findings) {
        const auto head = pad_to_width(word(level), 4);
        program.console.result(" " + program.console.tinted(tint(level), head) + "  " +
                               pad_to_width(printable(about), width) + "  " + printable(detail));
    }
}

void print_rows(Program& program, const std::vector<DoctorFinding>& findings) {
    for (const auto& [level, about, detail] : findings) {
        program.console.result(std::string(word(level)) + "\t" + printable(about) + "\t" + printable(detail));
    }
}

void print_json(Program& program, const std::vector<DoctorFinding>& findings) {
    JsonWriter json;
    json.begin_object().key("findings").begin_array();
    for (const auto& [level, about, detail] : findings) {
        json.begin_object()
            .member("level", level == Level::failed ? "failed"
                             : level == Level::ok   ? "ok"
                                                    : "warning")
            .member("about", about)
            .member("detail", detail)
            .end_object();
    }
    json.end_array().end_object();
    program.console.result(json.take());
}

}  // namespace

ExitCode run_doctor(Program& program) {
    ServeRequest request;
    if (program.line.data_dir) request.data_dir = *program.line.data_dir;
    const auto findings = program.wiring.examine(request);
    if (program.line.json) {
        print_json(program, findings);
    } else if (program.line.plain) {
        print_rows(program, findings);
    } else {
        print_lines(program, findings);
    }
    std::size_t problems = 0;
    std::size_t warnings = 0;
    for (const auto& finding : findings) {
        problems += finding.level == Level::failed;
        warnings += finding.level == Level::warning;
    }
    program.console.note(problems + warnings == 0
                             ? "All is well."
                             : counted(problems, "problem") + ", " + counted(warnings, "warning") + ".");
    return problems == 0 ? ExitCode::ok : ExitCode::unwell;
}

}  // namespace darkroom::cli
