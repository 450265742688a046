// `darkroom janitor`: what lies in the storage and no job names, and on request what jobs name and is gone.
// Asks the server page by page; nothing is removed unless --remove says so. What was done before a failure is
// told all the same.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr Milliseconds page_patience{600'000};  // one that is removed, or looked at object by object

struct Orphan {
    std::string key;
    std::uint64_t bytes = 0;
    std::string modified_at;
};
struct Lost {
    std::string job;
    std::string key;
};

struct Findings {
    std::vector<Orphan> orphans;
    std::vector<Lost> lost;
    std::uint64_t looked_at = 0;
    std::uint64_t foreign = 0;
    std::uint64_t unfinished = 0;
    bool jobs_checked = false;
};

std::uint64_t count_of(const json::object& page, std::string_view name) {
    const auto number = number_member(page, name);
    return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

CallFailure not_a_page() {
    return {CallFailure::Kind::not_understood,
            {},
            "the answer is not a page of objects: is this a Darkroom server that knows its janitor?"};
}

/// Asks until there is no next page. `ask_for` makes a request's body of the place to go on from (nullptr at
/// first), `keep` takes what a page holds.
template <class AskFor, class Keep>
Result<void, CallFailure> walk(GatewayClient& client, const std::string& path, std::string_view list,
                               const AskFor& ask_for, const Keep& keep) {
    std::set<std::string> seen;
    json::value place;
    do {
        Call call;
        call.method = ports::HttpMethod::post;
        call.path = path;
        call.body = ask_for(place);
        call.timeout = page_patience;
        const auto answer = client.call(call);
        if (!answer) return Fail(answer.error());
        const auto* page = answer->if_object();
        const auto* entries = page == nullptr ? nullptr : array_member(*page, list);
        if (entries == nullptr) return Fail(not_a_page());
        keep(*page, *entries);
        const auto* next = page->if_contains("next");
        place = next == nullptr ? json::value() : *next;
        if (!place.is_null() && !seen.insert(json_text(place)).second) {
            return Fail(CallFailure{CallFailure::Kind::not_understood,
                                    {},
                                    "the server leads in a circle: it names the same page again"});
        }
    } while (!place.is_null());
    return {};
}

Result<void, CallFailure> find_orphans(const CommandLine& line, GatewayClient& client, Findings& found) {
    const auto ask_for = [&](const json::value& place) {
        JsonWriter body;
        body.begin_object().member("remove", line.remove).member("store", line.volume ? "volume" : "main");
        body.member("older_than_s", std::chrono::ceil<std::chrono::seconds>(line.older_than).count());
        if (!place.is_null()) body.raw_member("place", json_text(place));
        return body.end_object().take();
    };
    return walk(client, "/api/v1/admin/orphans", "orphans", ask_for,
                [&](const json::object& page, const json::array& orphans) {
                    found.looked_at += count_of(page, "looked_at");
                    found.foreign += count_of(page, "foreign");
                    found.unfinished += count_of(page, "unfinished");
                    for (const auto& orphan : orphans) {
                        if (!orphan.is_object()) continue;
                        const auto& object = orphan.get_object();
                        found.orphans.push_back({text_member(object, "key"), count_of(object, "bytes"),
                                                 text_member(object, "modified_at")});
                    }
                });
}

Result<void, CallFailure> find_lost(GatewayClient& client, Findings& found) {
    found.jobs_checked = true;
    const auto ask_for = [](const json::value& after) {
        return after.is_null() ? std::string("{}") : "{\"after\":" + json_text(after) + "}";
    };
    return walk(client, "/api/v1/admin/missing", "missing", ask_for,
                [&](const json::object&, const json::array& missing) {
                    for (const auto& one : missing) {
                        if (!one.is_object()) continue;
                        const auto& object = one.get_object();
                        found.lost.push_back({text_member(object, "job_id"), text_member(object, "key")});
                    }
                });
}

std::uint64_t bytes_of(const Findings& found) {
    std::uint64_t bytes = 0;
    for (const auto& orphan : found.orphans) bytes += orphan.bytes;
    return bytes;
}

void print_json(Program& program, const Findings& found) {
    JsonWriter writer;
    writer.begin_object().member("removed", program.line.remove).member("looked_at", found.looked_at);
    writer.member("foreign", found.foreign)
        .member("unfinished", found.unfinished)
        .key("orphans")
        .begin_array();
    for (const auto& orphan : found.orphans) {
        writer.begin_object()
            .member("key", orphan.key)
            .member("bytes", orphan.bytes)
            .member("modified_at", orphan.modified_at)
            .end_object();
    }
    writer.end_array();
    if (found.jobs_checked) {
        writer.key("missing").begin_array();
        for (const auto& lost : found.lost)
            writer.begin_object().member("job_id", lost.job).member("key", lost.key).end_object();
        writer.end_array();
    }
    program.console.result(writer.end_object().take());
}

std::string age_of(const Orphan& orphan, TimePoint now) {
    const auto at = parse_rfc3339(orphan.modified_at);
    return at ? human_age(now - *at) : "";
}

void print_table(Program& program, const Table& table) {
    if (table.empty()) return;
    const auto lines = program.line.plain ? table.plain_lines() : table.lines(program.console.table_width());
    for (const auto& line : lines) program.console.result(line);
}

// For programs the figures as they are, for people short ones.
void print_tables(Program& program, const Findings& found) {
    const auto now = program.wiring.clock.now();
    const bool plain = program.line.plain;
    Table orphans({"KEY", "BYTES", "AGE"});
    for (const auto& orphan : found.orphans) {
        orphans.add({orphan.key, plain ? std::to_string(orphan.bytes) : human_bytes(orphan.bytes),
                     plain ? orphan.modified_at : age_of(orphan, now)});
    }
    print_table(program, orphans);
    Table lost({"JOB", "MISSING"});
    for (const auto& one : found.lost) lost.add({one.job, one.key});
    print_table(program, lost);
}

std::string fate(const Program& program, std::size_t things) {
    if (things == 0) return "";
    return program.line.remove ? "; removed" : "; nothing was removed: --remove does that";
}

void sum_up(Program& program, const Findings& found) {
    auto& console = program.console;
    std::string text = counted(found.orphans.size(), "orphan");
    if (!found.orphans.empty()) text += ", " + human_bytes(bytes_of(found));
    if (found.unfinished > 0) text += ", " + counted(found.unfinished, "unfinished upload");
    console.note(text + fate(program, found.orphans.size() + found.unfinished) + ".");
    console.note(counted(found.looked_at, "object") + " looked at" +
                 (found.foreign > 0
                      ? ", " + std::to_string(found.foreign) + " of them not Darkroom's and left alone."
                      : "."));
    if (found.jobs_checked)
        console.note(counted(found.lost.size(), "object") + " that a job names and that " +
                     (found.lost.size() == 1 ? "is" : "are") + " missing.");
}

}  // namespace

ExitCode clean_up(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    Findings found;
    auto walked = find_orphans(program.line, *connection->client, found);
    if (walked && program.line.check_jobs) walked = find_lost(*connection->client, found);
    const bool anything = found.looked_at > 0 || !found.orphans.empty();
    if (walked || anything) {
        program.line.json ? print_json(program, found) : print_tables(program, found);
        if (!walked) program.console.note("This is not all: it ended early.");
        sum_up(program, found);
    }
    return walked ? ExitCode::ok : program.complain(walked.error());
}

}  // namespace darkroom::cli
