#include "cli/command_values.h"

#include <algorithm>

#include "base/ids.h"
#include "base/nearest.h"
#include "base/time.h"
#include "cli/chain_flags.h"
#include "cli/duration_flag.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr int share_weight_max = 100;
constexpr int share_inflight_max = 1'000'000;
constexpr int list_limit_max = 10'000;

// `jobs select ID ATTEMPT`: the second name is no job.
std::optional<std::string> read_attempt(CommandLine& line) {
    if (line.ids.size() != 2)
        return "select takes a job id, and the number or id of one of its attempts; darkroom jobs get shows "
               "them";
    line.attempt = line.ids.back();
    line.ids.pop_back();
    const bool number = line.attempt.size() <= 9 && !line.attempt.empty() &&
                        line.attempt.find_first_not_of("0123456789") == std::string::npos;
    if (!number && !AttemptId::parse(line.attempt))
        return "\"" + printable(line.attempt) + "\" is neither the number nor the id of an attempt";
    return std::nullopt;
}

std::optional<std::string> read_ids(CommandLine& line) {
    if (line.command == Command::jobs_select) {
        if (auto problem = read_attempt(line)) return problem;
    }
    if (line.command == Command::jobs_attempt && line.ids.size() > 1)
        return "attempt is for one job, not " + std::to_string(line.ids.size());
    if (line.command == Command::jobs_attempt && line.params_json && !line.params.empty())
        return "--params and -p exclude each other";
    if (line.ids.empty()) return "which job? Ids are shown by darkroom jobs list";
    if (line.command == Command::jobs_get && line.ids.size() > 1)
        return "get shows one job, not " + std::to_string(line.ids.size());
    std::vector<std::string> ids;
    for (const auto& text : line.ids) {
        const auto id = JobId::parse(text);
        if (!id)
            return "\"" + printable(text) +
                   "\" is not a job id; ids look like 3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f";
        if (std::find(ids.begin(), ids.end(), id->str()) == ids.end()) ids.push_back(id->str());
    }
    line.ids = std::move(ids);
    return std::nullopt;
}

std::optional<std::string> read_statuses(CommandLine& line) {
    const std::vector<std::string> known = {"QUEUED",    "DISPATCHED", "RUNNING",
                                            "SUCCEEDED", "FAILED",     "CANCELLED"};
    std::vector<std::string> statuses;
    for (const auto& text : line.statuses) {
        for (std::size_t begin = 0; begin <= text.size();) {
            const auto end = std::min(text.find(',', begin), text.size());
            auto word = text.substr(begin, end - begin);
            for (auto& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
            if (std::find(known.begin(), known.end(), word) == known.end()) {
                return "there is no status \"" + printable(word) + "\"" + did_you_mean(word, known);
            }
            statuses.push_back(std::move(word));
            begin = end + 1;
        }
    }
    line.statuses = std::move(statuses);
    return std::nullopt;
}

bool is_type_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    });
}

std::optional<std::string> read_run(const CommandLine& line) {
    if (line.type.empty()) return "run what? darkroom types lists the types";
    for (const auto& type : types_of(line.type)) {
        if (is_type_name(type)) continue;
        return "\"" + printable(line.type) + "\" cannot be a type; it comes first: darkroom run TYPE FILE...";
    }
    if (line.files.empty()) return "run " + line.type + " on which files?";
    if (line.mask && line.mask->empty()) return "--mask takes a file";
    return std::nullopt;
}

std::optional<std::string> read_backend(const CommandLine& line) {
    if (line.backend.empty() || is_type_name(line.backend)) return std::nullopt;
    return "\"" + printable(line.backend) + "\" cannot be a backend; there are serverless, pod and local";
}

std::optional<std::string> read_since(const CommandLine& line) {
    const auto& since = line.since;
    const bool day = since.size() == 10 && parse_rfc3339(since + "T00:00:00Z");
    // An offset such as +02:00 would have to be escaped in a query.
    const bool time = since.find('+') == std::string::npos && parse_rfc3339(since);
    if (since.empty() || day || time) return std::nullopt;
    return "--since takes a day as in 2026-11-22, or a time as in 2026-11-22T03:04:05Z, not \"" +
           printable(since) + "\"";
}

std::optional<std::string> read_recipes(const CommandLine& line) {
    if (line.command == Command::recipes_show && line.recipe_name.empty())
        return "show which recipe? darkroom recipes list shows them";
    if (line.command == Command::recipes_import && line.files.empty())
        return "import which workflow? In ComfyUI: Workflow > Export (API)";
    if (line.command == Command::recipes_import && line.files.size() > 1)
        return "import takes one workflow, not " + std::to_string(line.files.size());
    return std::nullopt;
}

std::optional<std::string> read_costs(const CommandLine& line) {
    for (const auto& [flag, day] : {std::pair("--from", line.from), std::pair("--to", line.to)}) {
        if (!day.empty() && (day.size() != 10 || !parse_rfc3339(day + "T00:00:00Z")))
            return std::string(flag) + " takes a day as in 2026-11-22, not \"" + printable(day) + "\"";
    }
    return std::nullopt;
}

std::optional<int> whole_number(const std::string& text, int max) {
    const bool digits =
        !text.empty() && text.size() <= 7 && text.find_first_not_of("0123456789") == std::string::npos;
    const int number = digits ? std::stoi(text) : 0;
    return number >= 1 && number <= max ? std::optional(number) : std::nullopt;
}

std::optional<std::string> read_share(const ValueTexts& texts, CommandLine& line) {
    if (line.ids.empty()) return "whose share? darkroom users list shows who has jobs in the queue";
    if (line.ids.size() > 1) return "share is for one user, not " + std::to_string(line.ids.size());
    line.user = line.ids.front();
    if (!UserId::parse(line.user)) return "\"" + printable(line.user) + "\" cannot be a user";
    const auto read = [](const char* flag, const std::string& text, int max,
                         std::optional<int>& number) -> std::optional<std::string> {
        if (text.empty()) return std::nullopt;
        number = whole_number(text, max);
        if (number) return std::nullopt;
        return std::string(flag) + " must be a whole number from 1 to " + std::to_string(max) + ", got " +
               printable(text);
    };
    if (auto problem = read("--weight", texts.weight, share_weight_max, line.weight)) return problem;
    return read("--inflight-max", texts.inflight_max, share_inflight_max, line.inflight_max);
}

std::optional<std::string> read_limit(const std::string& text, CommandLine& line) {
    if (text.empty()) return std::nullopt;
    const bool digits = text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
    const int number = digits ? std::stoi(text) : 0;
    if (number < 1 || number > list_limit_max) {
        return "--limit must be between 1 and " + std::to_string(list_limit_max) + ", got " + printable(text);
    }
    line.limit = number;
    return std::nullopt;
}

std::optional<std::string> read_janitor(const std::string& older_than, CommandLine& line) {
    if (line.volume && line.check_jobs)
        return "--check-jobs looks into the main storage, so it excludes --volume";
    if (older_than.empty()) return std::nullopt;
    const auto age = parse_duration(older_than);
    if (!age) return "--older-than takes a time as in 10m, 24h or 7d, not \"" + printable(older_than) + "\"";
    line.older_than = *age;
    return std::nullopt;
}

}  // namespace

std::optional<std::string> check_values(CommandLine& line, const ValueTexts& texts) {
    if (!texts.timeout.empty()) {
        line.timeout = parse_duration(texts.timeout);
        if (!line.timeout)
            return "--timeout takes a time as in 90s, 10m or 2h, not \"" + printable(texts.timeout) + "\"";
    }
    if (auto problem = read_backend(line)) return problem;
    if (line.json && line.plain) return "--json and --plain exclude each other";
    switch (line.command) {
        case Command::run:
            return read_run(line);
        case Command::jobs_list: {
            if (auto problem = read_limit(texts.limit, line)) return problem;
            if (!line.type.empty() && !is_type_name(line.type))
                return "\"" + printable(line.type) + "\" cannot be a type";
            return read_statuses(line);
        }
        case Command::jobs_get:
        case Command::jobs_watch:
        case Command::jobs_cancel:
        case Command::jobs_retry:
        case Command::jobs_attempt:
        case Command::jobs_select:
            return read_ids(line);
        case Command::audit_licences:
            return read_since(line);
        case Command::users_share:
            return read_share(texts, line);
        case Command::costs:
            return read_costs(line);
        case Command::janitor:
            return read_janitor(texts.older_than, line);
        case Command::recipes_show:
        case Command::recipes_import:
            return read_recipes(line);
        default:
            return std::nullopt;
    }
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const auto best = nearest_word(word, candidates);
    return best ? "; did you mean \"" + std::string(*best) + "\"?" : std::string();
}

}  // namespace darkroom::cli
