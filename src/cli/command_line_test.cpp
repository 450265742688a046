#include "cli/command_line.h"

#include <gmock/gmock.h>

namespace darkroom::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* some_id = "3F0E8A52-1c1f-4b3a-9d5e-6a7b8c9d0e1f";

Result<CommandLine, UsageProblem> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "darkroom");
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

std::string complaint(std::vector<const char*> arguments) {
    const auto line = parse(std::move(arguments));
    return line ? "no complaint" : line.error().message;
}

TEST(CommandLine, RunTakesATypeFilesAndParams) {
    const auto line = parse({"run", "bg_remove", "a.jpg", "b.jpg", "-p", "crop=true", "c.jpg", "-p",
                             "halo.mode=strong", "-o", "out", "--timeout", "2m"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->command, Command::run);
    EXPECT_EQ(line->type, "bg_remove");
    EXPECT_THAT(line->files, ElementsAre("a.jpg", "b.jpg", "c.jpg"));
    EXPECT_THAT(line->params, ElementsAre("crop=true", "halo.mode=strong"));
    EXPECT_EQ(line->out_dir, "out");
    EXPECT_EQ(line->timeout, Milliseconds(120'000));
    EXPECT_FALSE(line->json);
}

TEST(CommandLine, ParamsMayHoldAnyJsonAndFilesAnyName) {
    const auto line = parse({"run", "t", "-p", "margin=[0,1,0,1]", "-pshadow={\"mode\":\"drop\"}", "-p",
                             "x=-3", "[a,b]", "--", "--odd.jpg", "-p"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_THAT(line->params, ElementsAre("margin=[0,1,0,1]", "shadow={\"mode\":\"drop\"}", "x=-3"));
    EXPECT_THAT(line->files, ElementsAre("./[a,b]", "--odd.jpg", "-p"));
}

TEST(CommandLine, BehindTwoDashesEverythingIsAName) {
    EXPECT_THAT(parse({"run", "--", "bg_remove", "-h"})->files, ElementsAre("-h"));
    EXPECT_THAT(parse({"jobs", "get", "--", some_id})->ids.size(), 1u);
    EXPECT_EQ(complaint({"version", "--", "x"}), "one argument too many: \"x\"");
    EXPECT_EQ(complaint({"types", "a", "--", "b"}), "one argument too many: \"b\"");
}

TEST(CommandLine, CommonFlagsStandBeforeOrBehindTheCommand) {
    for (const auto& arguments :
         {std::vector<const char*>{"--url", "http://h", "--json", "-q", "jobs", "list"},
          std::vector<const char*>{"jobs", "list", "--url", "http://h", "--json", "-q"},
          std::vector<const char*>{"jobs", "--url=http://h", "--json", "list", "--quiet"}}) {
        const auto line = parse(arguments);
        ASSERT_TRUE(line) << line.error().message;
        EXPECT_EQ(line->command, Command::jobs_list);
        EXPECT_EQ(line->url, "http://h");
        EXPECT_TRUE(line->json);
        EXPECT_TRUE(line->quiet);
    }
}

TEST(CommandLine, ListFiltersAreNormalised) {
    const auto line = parse({"jobs", "list", "--status", "failed,Cancelled", "--status", "RUNNING", "--type",
                             "bg_remove", "-n", "500"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_THAT(line->statuses, ElementsAre("FAILED", "CANCELLED", "RUNNING"));
    EXPECT_EQ(line->type, "bg_remove");
    EXPECT_EQ(line->limit, 500);
    EXPECT_EQ(complaint({"jobs", "list", "--status", "faild"}),
              "there is no status \"FAILD\"; did you mean \"FAILED\"?");
    for (const auto* limit : {"0", "-1", "x", "10001", "99999999999999999999"}) {
        EXPECT_EQ(complaint({"jobs", "list", "-n", limit}),
                  "--limit must be between 1 and 10000, got " + std::string(limit));
    }
}

TEST(CommandLine, AnotherAttemptTakesOneJobAndWhatIsToBeDifferent) {
    const auto line = parse({"jobs", "attempt", some_id, "-p", "denoise=0.5", "--backend", "pod"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->command, Command::jobs_attempt);
    EXPECT_THAT(line->params, ElementsAre("denoise=0.5"));
    EXPECT_EQ(line->backend, "pod");
    EXPECT_EQ(parse({"jobs", "attempt", some_id, "--params", "{\"v\":1}"})->params_json, "{\"v\":1}");
    EXPECT_EQ(complaint({"jobs", "attempt", some_id, "--params", "{}", "-p", "a=1"}),
              "--params and -p exclude each other");
    EXPECT_THAT(complaint({"jobs", "attempt"}), HasSubstr("which job?"));
    EXPECT_THAT(complaint({"jobs", "attempt", some_id, some_id}), HasSubstr("for one job"));
    EXPECT_THAT(complaint({"jobs", "attempt", some_id, "--backend", "a b"}),
                HasSubstr("cannot be a backend"));
}

TEST(CommandLine, AnAttemptIsSelectedByNumberOrId) {
    const auto line = parse({"jobs", "select", some_id, "2"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->command, Command::jobs_select);
    EXPECT_THAT(line->ids, ElementsAre("3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f"));
    EXPECT_EQ(line->attempt, "2");
    EXPECT_EQ(parse({"jobs", "select", some_id, some_id})->attempt, some_id);
    EXPECT_EQ(parse({"jobs", "select", "--", some_id, "2"})->attempt, "2");
    for (const auto* attempt : {"-1", "1.5", "first", "12345678901234567890", ""})
        EXPECT_NE(complaint({"jobs", "select", some_id, attempt}), "no complaint") << attempt;
    EXPECT_THAT(complaint({"jobs", "select", some_id}), HasSubstr("select takes a job id"));
    EXPECT_THAT(complaint({"jobs", "select", some_id, "1", "2"}), HasSubstr("select takes a job id"));
    EXPECT_THAT(complaint({"jobs", "select", "x", "1"}), HasSubstr("not a job id"));
}

TEST(CommandLine, AnAuditBeginsAtADayOrATime) {
    EXPECT_EQ(parse({"audit", "licences"})->command, Command::audit_licences);
    for (const auto* since : {"2026-11-22", "2026-11-22T03:04:05Z"})
        EXPECT_EQ(parse({"audit", "licences", "--since", since})->since, since);
    for (const auto* since : {"yesterday", "2026-13-01", "2026-11-22&limit=1", "2026-11-22T03:04:05+02:00"})
        EXPECT_THAT(complaint({"audit", "licences", "--since", since}), HasSubstr("--since takes a day"))
            << since;
    EXPECT_THAT(complaint({"audit", "licenses"}), HasSubstr("did you mean \"licences\"?"));
}

TEST(CommandLine, IdsAreCheckedBeforeAnybodyIsAsked) {
    const auto line = parse({"jobs", "watch", some_id, "3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f", "-o", "out"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_THAT(line->ids, ElementsAre("3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f")) << "the same job once";
    EXPECT_THAT(complaint({"jobs", "get", "../admin"}), HasSubstr("\"../admin\" is not a job id"));
    EXPECT_THAT(complaint({"jobs", "cancel"}), HasSubstr("which job?"));
    EXPECT_EQ(complaint({"jobs", "get", some_id, some_id}), "get shows one job, not 2");
}

TEST(CommandLine, MistypedWordsGetTheNearestRightOne) {
    EXPECT_EQ(complaint({"jbos", "list"}), "unknown command \"jbos\"; did you mean \"jobs\"?");
    EXPECT_EQ(parse({"jobs", "show", some_id})->command, Command::jobs_get);
    EXPECT_EQ(complaint({"jobs", "lsit"}), "unknown command \"lsit\"; did you mean \"list\"?");
    EXPECT_EQ(complaint({"frobnicate"}),
              "unknown command \"frobnicate\"; there are serve, run, jobs, types, costs, audit, users, "
              "doctor, janitor, nodes, migrate, db, "
              "endpoint, "
              "worker, recipes, version");
    EXPECT_EQ(complaint({"run", "t", "a.jpg", "--jsno"}),
              "unknown flag \"--jsno\"; did you mean \"--json\"?");
    EXPECT_EQ(complaint({"run", "t", "a.jpg", "--outptu=x"}),
              "unknown flag \"--outptu\"; did you mean \"--output\"?");
    EXPECT_EQ(complaint({"--zzzzzzzz"}), "unknown flag \"--zzzzzzzz\"");
    EXPECT_EQ(complaint({"version", "please"}), "one argument too many: \"please\"");
    EXPECT_EQ(complaint({"\x1b[2J"}).find('\x1b'), std::string::npos)
        << "what is echoed cannot move the cursor";
}

TEST(CommandLine, WhatIsMissingIsNamed) {
    EXPECT_EQ(complaint({"run"}), "run what? darkroom types lists the types");
    EXPECT_EQ(complaint({"run", "bg_remove"}), "run bg_remove on which files?");
    EXPECT_EQ(complaint({"run", "photos/a.jpg", "bg_remove"}),
              "\"photos/a.jpg\" cannot be a type; it comes first: darkroom run TYPE FILE...");
    EXPECT_EQ(complaint({"run", "t", "a", "--timeout", "soon"}),
              "--timeout takes a time as in 90s, 10m or 2h, not \"soon\"");
    EXPECT_THAT(complaint({"run", "t", "a", "-o"}), HasSubstr("--output"));
    EXPECT_EQ(complaint({"types", "--json", "--plain"}), "--json and --plain exclude each other");
    const auto line = parse({"jobs", "get"});
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().command, "darkroom jobs get");
}

TEST(CommandLine, AskingForHelpIsNeverAnError) {
    for (const auto& arguments : {std::vector<const char*>{},
                                  {"-h"},
                                  {"--help"},
                                  {"jobs"},
                                  {"run", "--help"},
                                  {"jobs", "watch", "-h"}}) {
        const auto line = parse(arguments);
        ASSERT_TRUE(line) << line.error().message;
        EXPECT_EQ(line->command, Command::help);
        EXPECT_THAT(line->help, HasSubstr("Usage: darkroom"));
    }
    EXPECT_THAT(parse({"run", "--help"})->help, HasSubstr("Usage: darkroom run"));
    EXPECT_THAT(parse({"jobs", "watch", "-h"})->help, HasSubstr("Usage: darkroom jobs watch"));
    const auto nothing = parse_command_line(0, nullptr);
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->command, Command::help);
}

TEST(CommandLine, VersionHasTwoSpellings) {
    EXPECT_EQ(parse({"version"})->command, Command::version);
    EXPECT_EQ(parse({"--version"})->command, Command::version);
}

TEST(CommandLine, ServeOnlyPassesOnWhatItWasTold) {
    const auto line = parse({"serve", "--listen", "127.0.0.1:0", "--data", "/srv/d"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->command, Command::serve);
    EXPECT_EQ(line->listen, "127.0.0.1:0");
    EXPECT_EQ(line->data_dir, "/srv/d");
    EXPECT_EQ(parse({"serve"})->listen, std::nullopt);
}

TEST(CommandLine, AWorkerTakesItsJobsFromAnEndpointOrOneFromItsArguments) {
    const auto plain = parse({"worker"});
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->command, Command::worker);
    EXPECT_FALSE(plain->test_input);
    const auto test = parse({"worker", "--test-input", R"({"input":{}})"});
    ASSERT_TRUE(test);
    EXPECT_EQ(test->test_input, R"({"input":{}})");
    EXPECT_THAT(complaint({"worker", "--test-inptu", "x"}), HasSubstr("--test-input"));
    EXPECT_THAT(complaint({"worker", "job.json"}), HasSubstr("one argument too many"));
}

}  // namespace
}  // namespace darkroom::cli
