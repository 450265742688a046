#include "cli/report.h"

#include <boost/json/array.hpp>

#include "base/json_writer.h"
#include "cli/advice.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t failures_shown_max = 20;

bool results_come_last(const Program& program) { return program.line.json || program.line.plain; }

std::string name_of(const Picture& picture) {
    const auto view = view_job(picture.job);
    return picture.file || !view || view->file.empty() ? picture.shown : view->file;
}

/// The job's own, or what stands for it where there is none.
std::string status_of(const Picture& picture) {
    if (picture.failure) return "FAILED";
    if (const auto view = view_job(picture.job)) return view->status;
    return "NOT_SENT";
}

/// The job as the API gives it, with "file", "output" and "problem": what went wrong outside the job.
std::string as_json(const Program& program, const Picture& picture) {
    JsonWriter writer;
    writer.begin_object();
    if (picture.job.empty()) {
        writer.key("id");
        picture.job_id.empty() ? writer.null() : writer.value(picture.job_id);
        writer.key("type");
        program.line.type.empty() ? writer.null() : writer.value(program.line.type);
        writer.null_member("status").null_member("error");
    }
    for (const auto& [name, value] : picture.job) {
        writer.raw_member({name.data(), name.size()}, json_text(value));
    }
    writer.member("file", name_of(picture)).key("output");
    picture.output ? writer.value(picture.output->string()) : writer.null();
    const auto view = view_job(picture.job);
    const bool in_the_job = view && view->ended() && !view->succeeded();
    writer.key("problem");
    if (picture.failure && !in_the_job) {
        writer.begin_object()
            .member("code", picture.failure->code)
            .member("message", picture.failure->message)
            .end_object();
    } else {
        writer.null();
    }
    return writer.end_object().take();
}

void print_json(Program& program, const std::vector<Picture>& pictures) {
    program.console.result("[");
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        program.console.result(as_json(program, pictures[i]) + (i + 1 < pictures.size() ? "," : ""));
    }
    program.console.result("]");
}

void print_plain(Program& program, const std::vector<Picture>& pictures) {
    Table table({"FILE", "TYPE", "STATUS", "TIME", "OUTPUT", "ID"});
    for (const auto& picture : pictures) {
        const auto view = view_job(picture.job);
        table.add({name_of(picture), view ? view->type : program.line.type, status_of(picture),
                   human_duration(picture.took), picture.output ? picture.output->string() : "",
                   picture.job_id});
    }
    for (const auto& line : table.plain_lines()) program.console.result(line);
}

/// An advice that says ID means this job, and TYPE its type.
std::string advice_about(const Picture& picture, const std::string& type) {
    std::string text(advice_for(picture.failure->code));
    const auto put = [&](std::string_view word, const std::string& in_place) {
        if (const auto at = text.find(word); at != std::string::npos && !in_place.empty())
            text.replace(at, word.size(), in_place);
    };
    put("ID", picture.job_id);
    put("TYPE", type);
    return text;
}

void tell_failure(Program& program, const Picture& picture) {
    auto& console = program.console;
    const auto& failure = *picture.failure;
    console.problem("  " + console.tinted(Tint::bad, "x") + " " + printable(name_of(picture)) + "  " +
                    printable(failure.code) + ": " + printable(failure.message));
    const auto advice = advice_about(picture, program.line.type);
    if (!advice.empty()) console.problem("      try: " + advice);
    if (!picture.job_id.empty() && !program.has_own_gateway)
        console.problem("      details: darkroom jobs get " + picture.job_id + program.server_flags());
}

/// One line each, but what was not sent for one common reason is counted.
void tell_failures(Program& program, const std::vector<Picture>& pictures) {
    std::size_t shown = 0;
    std::size_t not_sent = 0;
    std::size_t left_out = 0;
    for (const auto& picture : pictures) {
        if (!picture.failure) continue;
        if (picture.failure->code == "not_sent") {
            ++not_sent;
        } else if (++shown <= failures_shown_max) {
            tell_failure(program, picture);
        } else {
            ++left_out;
        }
    }
    if (left_out > 0)
        program.console.problem("    and " + std::to_string(left_out) +
                                " more; darkroom jobs list --status failed shows them");
    if (not_sent > 0)
        program.console.problem("    " + counted(not_sent, "more file") + " not sent, for the same reason");
}

std::string quoted_out_dir(const Program& program) {
    return program.line.out_dir ? " -o " + shell_quoted(*program.line.out_dir) : std::string();
}

void tell_summary(Program& program, const std::vector<Picture>& pictures, Milliseconds elapsed) {
    std::size_t succeeded = 0;
    std::size_t failed = 0;
    std::size_t fetched = 0;
    std::optional<double> cost;
    for (const auto& picture : pictures) {
        const auto view = view_job(picture.job);
        if (view && view->cost_usd) cost = cost.value_or(0) + *view->cost_usd;
        if (picture.succeeded()) ++succeeded;
        if (picture.failure) ++failed;
        if (picture.output) ++fetched;
    }
    const auto open = pictures.size() - succeeded - failed;
    auto text = "Done  " + std::to_string(succeeded) + " ok";
    if (failed > 0) text += ", " + program.console.tinted(Tint::bad, std::to_string(failed) + " failed");
    if (open > 0) text += ", " + std::to_string(open) + " open";
    text += " in " + human_duration(elapsed);
    if (cost && *cost > 0) text += ", " + human_usd(*cost);
    if (fetched > 0) text += " -> " + printable(program.line.out_dir.value_or("."));
    program.console.note(text);
}

/// A cold start is not slowness: what was waited for is told apart from what was worked.
std::string time_words(const Picture& picture) {
    constexpr Milliseconds worth_telling{1'000};
    auto text = human_duration(picture.took);
    const auto view = view_job(picture.job);
    if (view && view->cost_usd && view->waited >= worth_telling)
        text += " after " + human_duration(view->waited) + " of waiting";
    return text;
}

ExitCode exit_code_of(const std::vector<Picture>& pictures) {
    std::vector<ExitCode> codes;
    codes.reserve(pictures.size());
    for (const auto& picture : pictures)
        codes.push_back(picture.failure ? picture.failure->exit_code : ExitCode::ok);
    return combined(codes);
}

}  // namespace

void tell_ended(Program& program, const Picture& picture) {
    auto& console = program.console;
    const auto name = printable(name_of(picture));
    const bool to_terminal = console.traits().out_is_terminal;
    const auto time = time_words(picture);
    if (picture.failure) {
        // What failed is told with its reason at the end; until then, only that it did.
        if (!console.traits().animation)
            console.note("failed  " + name + "  " + printable(picture.failure->code));
        return;
    }
    const auto what = picture.output ? picture.output->string() : picture.job_id;
    if (results_come_last(program) || !to_terminal) {
        if (!console.traits().animation) console.note("ok      " + name + "  " + time);
        if (!results_come_last(program))
            console.result(picture.output ? what : what + "  " + status_of(picture));
        return;
    }
    console.result(console.tinted(Tint::good, "ok") + "  " + name + "  " + time + "  -> " + printable(what));
}

ExitCode tell_results(Program& program, const std::vector<Picture>& pictures, Milliseconds elapsed) {
    program.console.clear_progress();
    if (program.line.json) print_json(program, pictures);
    if (program.line.plain) print_plain(program, pictures);
    tell_failures(program, pictures);
    tell_summary(program, pictures, elapsed);
    return exit_code_of(pictures);
}

void tell_how_to_resume(Program& program, const std::vector<Picture>& pictures, bool gateway_ends_too) {
    auto& console = program.console;
    std::string ids;
    std::size_t open = 0;
    std::size_t unsent = 0;
    for (const auto& picture : pictures) {
        if (picture.ended) continue;
        if (picture.job_id.empty()) {
            ++unsent;
            continue;
        }
        ++open;
        ids += " " + picture.job_id;
    }
    if (unsent > 0) console.problem(counted(unsent, "file") + " had not been sent.");
    if (open == 0) return;
    const bool one = open == 1;
    if (gateway_ends_too) {
        console.problem(counted(open, "job") + (one ? " goes" : " go") +
                        " on at the next start of the gateway: darkroom serve" + program.server_flags());
        console.problem("then: darkroom jobs watch" + ids + quoted_out_dir(program) + program.server_flags());
    } else {
        console.problem(counted(open, "job") + (one ? " goes" : " go") + " on without you. To watch again:");
        console.problem("  darkroom jobs watch" + ids + quoted_out_dir(program) + program.server_flags());
    }
}

}  // namespace darkroom::cli
