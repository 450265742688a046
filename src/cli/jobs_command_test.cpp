// `darkroom jobs …`, `types`, `version` and wrong usage: what is asked of the gateway, what is printed, the
// exit code.
#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <csignal>

#include "base/json.h"
#include "cli/fakes.h"
#include "cli/job_view.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::json_answer;
using fakes::problem_answer;
using ports::HttpMethod;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* id_1 = "00000000-0000-4000-8000-000000000001";
constexpr const char* id_2 = "00000000-0000-4000-8000-000000000002";

class JobsCommand : public testing::Test {
protected:
    fakes::Darkroom darkroom;
    JobsCommand() { darkroom.with_server(); }

    /// Leaves jobs in the fake gateway, as another run would have.
    void make_jobs(std::vector<std::string> contents) {
        std::vector<std::string> arguments{"run", "bg_remove", "-o",
                                           (darkroom.folder.path() / "first").string()};
        for (std::size_t i = 0; i < contents.size(); ++i) {
            arguments.push_back(darkroom.folder.file("in/p" + std::to_string(i) + ".jpg", contents[i]));
        }
        (void)darkroom.run(arguments);
    }
    void post(const std::string& path, Answer answer) {
        darkroom.http.on(HttpMethod::post, path, [=](const auto&) { return answer; });
    }
};

std::string job(const std::string& id, const std::string& status) {
    return R"({"id":")" + id + R"(","type":"bg_remove","status":")" + status +
           R"(","attempt_count":2,"error":null,
        "inputs":[{"name":"shoe.jpg"}],"metadata":{},"created_at":"2020-01-01T00:00:00.000Z"})";
}

TEST_F(JobsCommand, WithoutAServerTheySayHowToStartOne) {
    std::filesystem::remove(darkroom.folder.path() / "data/gateway.json");
    for (const auto& arguments : {std::vector<std::string>{"jobs", "list"},
                                  {"jobs", "get", id_1},
                                  {"jobs", "watch", id_1},
                                  {"jobs", "cancel", id_1},
                                  {"types"}}) {
        const auto outcome = darkroom.run(arguments);
        EXPECT_EQ(outcome.code, 8);
        EXPECT_THAT(outcome.err, HasSubstr("start one with: darkroom serve"));
    }
    EXPECT_EQ(darkroom.embedded_started, 0);
}

// ---- list ----

TEST_F(JobsCommand, ListIsATable) {
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs?", [](const auto&) -> Answer {
        return json_answer(200, R"({"jobs":[)" + job(id_1, "RUNNING") + "," + job(id_2, "SUCCEEDED") +
                                    R"(],"next_cursor":null})");
    });
    const auto outcome = darkroom.run({"jobs", "list"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                StartsWith("ID                                    TYPE       STATUS     ERROR  TRY  AGE"));
    EXPECT_THAT(outcome.out, HasSubstr(std::string(id_1) + "  bg_remove  RUNNING    -      2    "));
    EXPECT_THAT(darkroom.run({"jobs", "list", "--plain"}).out,
                StartsWith(std::string(id_1) + "\tbg_remove\tRUNNING\t-\t2\t"));
}

TEST_F(JobsCommand, ListAsksForWhatWasAskedPageByPage) {
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs?", [](const auto& request) -> Answer {
        const bool second = request.url.find("cursor=a%2Fb%3D") != std::string::npos;
        std::string jobs;
        for (int i = 0; i < (second ? 20 : 100); ++i) jobs += (i == 0 ? "" : ",") + job(id_1, "FAILED");
        return json_answer(
            200, R"({"jobs":[)" + jobs + R"(],"next_cursor":)" + (second ? R"("more")" : R"("a/b=")") + "}");
    });
    const auto outcome = darkroom.run(
        {"jobs", "list", "--status", "failed,cancelled", "--type", "bg_remove", "-n", "120", "--json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const auto seen = darkroom.http.seen(HttpMethod::get, "/jobs?");
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_THAT(seen[0].url, HasSubstr("/api/v1/jobs?limit=100&status=FAILED,CANCELLED&type=bg_remove"));
    EXPECT_THAT(seen[1].url, HasSubstr("limit=20&status=FAILED,CANCELLED&type=bg_remove&cursor=a%2Fb%3D"));
    const auto document = parse_json(outcome.out);
    ASSERT_TRUE(document);
    EXPECT_EQ(document->get_object().at("jobs").get_array().size(), 120u);
    EXPECT_EQ(text_member(document->get_object(), "next_cursor"), "more");
}

TEST_F(JobsCommand, AnEndlessCursorEnds) {
    darkroom.http.on(HttpMethod::get, "/jobs?", [](const auto&) -> Answer {
        return json_answer(200, R"({"jobs":[],"next_cursor":"again"})");
    });
    const auto outcome = darkroom.run({"jobs", "list", "-n", "1000"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.err, HasSubstr("No jobs yet."));
    EXPECT_EQ(darkroom.http.seen(HttpMethod::get, "/jobs?").size(), 1u);
}

TEST_F(JobsCommand, ForeignAnswersAreNotShownAsLists) {
    for (const auto* body : {"[]", "{}", R"({"jobs":7})"}) {
        darkroom.http.on(HttpMethod::get, "/jobs?",
                         [=](const auto&) -> Answer { return json_answer(200, body); });
        const auto outcome = darkroom.run({"jobs", "list"});
        EXPECT_EQ(outcome.code, 1) << body;
        EXPECT_THAT(outcome.err, HasSubstr("is this a Darkroom server?"));
    }
    darkroom.http.on(HttpMethod::get, "/jobs?", [](const auto&) -> Answer {
        return json_answer(200, R"({"jobs":[7,{},{"id":"x","status":"y"}]})");
    });
    EXPECT_EQ(darkroom.run({"jobs", "list"}).code, 0);
}

// ---- get ----

TEST_F(JobsCommand, GetShowsACardWithTheTimeline) {
    make_jobs({"bad picture"});
    darkroom.http.on(HttpMethod::get, "/events", [](const auto&) -> Answer {
        return json_answer(
            200,
            R"({"events":[{"seq":1,"kind":"created","status":"QUEUED","actor":"key:admin","attempt":null,"at":"2026-01-01T00:00:00.000Z"},
            {"seq":2,"kind":"claim","status":"DISPATCHED","actor":"dispatcher","attempt":1,"at":"2026-01-01T00:00:01.000Z"}]})");
    });
    const auto outcome = darkroom.run({"jobs", "get", id_1});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr("Job       " + std::string(id_1)), HasSubstr("Status    FAILED"),
                      HasSubstr("Error     input_unreadable: The file ends"),
                      HasSubstr("Try       open it in"), HasSubstr("Took      1.5 s"),
                      HasSubstr("2026-01-01T00:00:01.000Z  claim  DISPATCHED  attempt 1  dispatcher")));
}

TEST_F(JobsCommand, GetTellsWhatAnAttemptElsewhereWaitedForAndCost) {
    make_jobs({"pixels"});
    darkroom.gateway.attempts_json =
        R"([{"number":1,"status":"SUCCEEDED","endpoint":"eu-cz","delay_ms":31000,"execution_ms":3391,)"
        R"("cost_usd":0.001051,"gpu":"RTX 4090"}])";
    const auto outcome = darkroom.run({"jobs", "get", id_1});
    EXPECT_THAT(outcome.out,
                HasSubstr("Attempts  1  SUCCEEDED  on eu-cz  3.4 s  after 31 s of waiting  $0.0011  "
                          "RTX 4090"));
}

TEST_F(JobsCommand, GetTellsWhatAnOpenJobWaitsFor) {
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [](const auto&) -> Answer {
        return json_answer(200,
                           R"({"id":")" + std::string(id_1) +
                               R"(","status":"DISPATCHED","progress":{"stage":"cold_start"},"error":null})");
    });
    EXPECT_THAT(darkroom.run({"jobs", "get", id_1}).out, HasSubstr("Waits for a worker to start"));
}

TEST_F(JobsCommand, GetAsJsonIsTheJobItself) {
    make_jobs({"pixels"});
    const auto outcome = darkroom.run({"jobs", "get", id_1, "--json"});
    EXPECT_EQ(parse_json(outcome.out)->get_object(),
              parse_json(darkroom.gateway.job_json(id_1))->get_object());
}

TEST_F(JobsCommand, GetOfWhatIsNotThereIsFive) {
    const auto outcome = darkroom.run({"jobs", "get", id_2});
    EXPECT_EQ(outcome.code, 5);
    EXPECT_THAT(outcome.err, HasSubstr("There is no job " + std::string(id_2)));
}

// ---- watch ----

TEST_F(JobsCommand, WatchEndsWithTheJobs) {
    make_jobs({"pixels", "bad picture"});
    const auto outcome = darkroom.run({"jobs", "watch", id_1, id_2});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.out, HasSubstr("  SUCCEEDED\n"));
    EXPECT_THAT(outcome.err, HasSubstr("input_unreadable"));
    EXPECT_EQ(darkroom.run({"jobs", "watch", "00000000-0000-4000-8000-000000000009"}).code, 5);
}

TEST_F(JobsCommand, WatchBringsResultsOfAnInterruptedRun) {
    make_jobs({"pixels"});
    const auto out = (darkroom.folder.path() / "out").string();
    const auto outcome = darkroom.run({"jobs", "watch", id_1, "-o", out});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, out + "/p0-bg_remove.png\n") << "the name it had on the command line";
    EXPECT_EQ(darkroom.folder.read("out/p0-bg_remove.png"), "done:pixels");
}

TEST_F(JobsCommand, ResultsThatAreNoLongerKeptAreSaidToBeGone) {
    make_jobs({"pixels"});
    auto text = darkroom.gateway.job_json(id_1);
    const auto link = text.find("\"/files/" + std::string(id_1));
    text.replace(link, text.find('"', link + 1) - link + 1, "null");
    text.insert(1, R"("inputs_removed_at":"2026-01-08T00:00:00.000Z",)"
                   R"("outputs_removed_at":"2026-02-01T00:00:00.000Z",)");
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/",
                     [=](const auto&) -> Answer { return json_answer(200, text); });
    const auto out = (darkroom.folder.path() / "out").string();
    const auto watched = darkroom.run({"jobs", "watch", id_1, "-o", out});
    EXPECT_EQ(watched.code, 1);
    EXPECT_THAT(watched.err, AllOf(HasSubstr("outputs_removed: the results were kept until 2026-02-01"),
                                   HasSubstr("try: run it again from the original file")));
    EXPECT_EQ(darkroom.run({"jobs", "watch", id_1}).code, 0) << "the job itself went well";
    darkroom.http.on(HttpMethod::get, "/events",
                     [](const auto&) -> Answer { return json_answer(200, R"({"events":[]})"); });
    EXPECT_THAT(darkroom.run({"jobs", "get", id_1}).out,
                AllOf(HasSubstr("Removed   inputs  2026-01-08T00:00:00.000Z"),
                      HasSubstr("\n          results  2026-02-01T00:00:00.000Z")));
}

TEST_F(JobsCommand, WatchWaitsAsLongAsItTakes) {
    make_jobs({"pixels"});
    darkroom.http.on(
        HttpMethod::get, "/api/v1/jobs/",
        [](const auto&) -> Answer { return json_answer(200, job(id_1, "RUNNING")); }, 5);
    EXPECT_EQ(darkroom.run({"jobs", "watch", id_1}).code, 0);
}

TEST_F(JobsCommand, AJobNameFromTheServerCannotLeaveTheFolder) {
    make_jobs({"pixels"});
    auto text = darkroom.gateway.job_json(id_1);
    const std::string name = R"("cli_file":"p0.jpg")";
    text.replace(text.find(name), name.size(), R"("cli_file":"../../evil.jpg")");
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/",
                     [=](const auto&) -> Answer { return json_answer(200, text); });
    const auto out = (darkroom.folder.path() / "out").string();
    EXPECT_EQ(darkroom.run({"jobs", "watch", id_1, "-o", out}).out, out + "/evil-bg_remove.png\n");
}

TEST_F(JobsCommand, HostileJobsBecomeSentences) {
    const auto out = (darkroom.folder.path() / "out").string();
    const std::string begin = R"({"id":")" + std::string(id_1) + R"(","type":"t","status":"SUCCEEDED",)";
    const std::vector<std::pair<std::string, std::string>> table = {
        {"{}", "lacks the job"},
        {"[]", "lacks the job"},
        {R"({"id":"../x","status":"SUCCEEDED"})", "lacks the job"},
        {begin + R"("outputs":[]})", "lacks the result"},
        {begin + R"("outputs":[7,{"role":"main"}]})", "no usable address"},
        {begin + R"("outputs":[{"role":"main","url":"file:///etc/passwd"}]})", "no usable address"},
        {begin + R"("outputs":[{"role":"main","url":"/a\r\nX-Evil: 1"}]})", "no usable address"},
        {begin +
             R"("outputs":[{"role":"main","url":"/files/x","bytes":-5,"sha256":"00","content_type":"../../x"}]})",
         "download_damaged"},
    };
    darkroom.http.on(HttpMethod::get, "/files/x", [](const auto& request) -> Answer {
        (void)request.on_body("bytes");
        return json_answer(200, "");
    });
    for (const auto& [body, sentence] : table) {
        darkroom.http.on(HttpMethod::get, "/api/v1/jobs/",
                         [body = body](const auto&) -> Answer { return json_answer(200, body); });
        const auto outcome = darkroom.run({"jobs", "watch", id_1, "-o", out});
        EXPECT_EQ(outcome.code, 1) << body;
        EXPECT_THAT(outcome.err, HasSubstr(sentence)) << body;
        EXPECT_TRUE(std::filesystem::is_empty(out)) << body;
    }
}

// ---- cancel, retry ----

TEST_F(JobsCommand, CancelSaysWhatItDid) {
    post(std::string(id_1) + "/cancel", json_answer(200, job(id_1, "CANCELLED")));
    post(std::string(id_2) + "/cancel",
         problem_answer(409, "already_terminal", "The job has already ended as SUCCEEDED."));
    auto outcome = darkroom.run({"jobs", "cancel", id_1});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, std::string(id_1) + "  CANCELLED\n");
    outcome = darkroom.run({"jobs", "cancel", id_2});
    EXPECT_EQ(outcome.code, 6);
    EXPECT_THAT(outcome.err, HasSubstr("The job has already ended as SUCCEEDED."));
    outcome = darkroom.run({"jobs", "cancel", id_2, id_1, "--json"});
    EXPECT_EQ(outcome.code, 3) << "the second is tried although the first was refused";
    EXPECT_EQ(parse_json(outcome.out)->get_array().size(), 1u);
}

TEST_F(JobsCommand, ACancelThatMayHaveArrivedIsNotRepeated) {
    darkroom.http.on(HttpMethod::post, "/cancel", [](const auto&) -> Answer {
        return Fail(fakes::failure(ports::FetchError::interrupted));
    });
    EXPECT_EQ(darkroom.run({"jobs", "cancel", id_1, id_2}).code, 8);
    EXPECT_EQ(darkroom.http.seen(HttpMethod::post, "/cancel").size(), 1u)
        << "and the second is not tried on a dead server";
}

TEST_F(JobsCommand, RetryTellsHowToWatch) {
    post("/retry", json_answer(202, job(id_1, "QUEUED")));
    const auto outcome = darkroom.run({"jobs", "retry", id_1, "--url", "http://127.0.0.1:8080"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, std::string(id_1) + "  QUEUED\n");
    EXPECT_THAT(outcome.err,
                HasSubstr("darkroom jobs watch " + std::string(id_1) + " --url http://127.0.0.1:8080"));
}

// ---- the small ones ----

TEST_F(JobsCommand, TypesAreATableACardOrJson) {
    EXPECT_THAT(darkroom.run({"types"}).out, HasSubstr("bg_remove   Remove the background  Cuts out."));
    const auto card = darkroom.run({"types", "bg_remove"});
    EXPECT_THAT(card.out,
                AllOf(HasSubstr("bg_remove: Remove the background"),
                      HasSubstr("  crop                   true or false; default false\n      Crop it.")));
    EXPECT_TRUE(parse_json(darkroom.run({"types", "--json"}).out)->get_object().contains("types"));
    EXPECT_EQ(
        text_member(parse_json(darkroom.run({"types", "bg_remove", "--json"}).out)->get_object(), "type"),
        "bg_remove");
    const auto unknown = darkroom.run({"types", "bgremove"});
    EXPECT_EQ(unknown.code, 5);
    EXPECT_THAT(unknown.err, HasSubstr("did you mean \"bg_remove\"?"));
}

TEST_F(JobsCommand, ServeAndVersionNeedNoServer) {
    EXPECT_EQ(darkroom.run({"serve", "--listen", "127.0.0.1:0"}).code, 42);
    ASSERT_EQ(darkroom.served.size(), 1u);
    EXPECT_EQ(darkroom.served[0].listen, "127.0.0.1:0");
    EXPECT_EQ(darkroom.served[0].data_dir, std::nullopt) << "the environment is app's to read";
    EXPECT_THAT(darkroom.run({"version"}).out, StartsWith("darkroom "));
    EXPECT_TRUE(parse_json(darkroom.run({"version", "--json"}).out)->get_object().contains("version"));
    EXPECT_THAT(darkroom.http.seen(), IsEmpty());
}

TEST_F(JobsCommand, WrongUsageIsTwoWithAPointerToHelp) {
    const auto outcome = darkroom.run({"jobs", "lsit"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err,
              "darkroom: unknown command \"lsit\"; did you mean \"list\"?\n          darkroom jobs --help "
              "tells more\n");
    EXPECT_EQ(darkroom.run({}).code, 0);
}

}  // namespace
}  // namespace darkroom::cli
