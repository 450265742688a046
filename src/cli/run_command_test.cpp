#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <csignal>

#include "base/json.h"
#include "cli/fakes.h"
#include "cli/job_view.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::failure;
using fakes::json_answer;
using fakes::problem_answer;
using ports::FetchError;
using ports::HttpMethod;
using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RunCommand : public testing::Test {
protected:
    fakes::Darkroom darkroom;
    std::string out = (darkroom.folder.path() / "out").string();

    std::string picture(const std::string& name, const std::string& bytes = "pixels") {
        return darkroom.folder.file("in/" + name, bytes);
    }
    fakes::Darkroom::Outcome run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"run", "bg_remove"});
        arguments.insert(arguments.end(), {"-o", out});
        return darkroom.run(arguments);
    }
    std::vector<std::string> results() const {
        auto names = darkroom.folder.names();
        std::erase_if(names, [](const std::string& name) { return !name.starts_with("out/"); });
        return names;
    }
    std::size_t posts(const std::string& url) const {
        return darkroom.http.seen(HttpMethod::post, url).size();
    }
};

// ---- It works
// -----------------------------------------------------------------------------------------------

TEST_F(RunCommand, SendsAPictureAndBringsTheResultBack) {
    darkroom.with_server();
    const auto outcome = run({picture("shoe.jpg"), "-p", "halo.mode=strong"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, out + "/shoe-bg_remove.png\n");
    EXPECT_EQ(darkroom.folder.read("out/shoe-bg_remove.png"), "done:pixels");
    EXPECT_THAT(results(), ElementsAre("out/shoe-bg_remove.png")) << "and nothing else is left";
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("in/shoe.jpg  1.5 s\n"), HasSubstr("Done  1 ok")));
    EXPECT_EQ(darkroom.embedded_started, 0);

    const auto& http = darkroom.http;
    EXPECT_EQ(http.seen(HttpMethod::post, "/uploads")[0].body, R"({"filename":"shoe.jpg","bytes":6})");
    const auto put = http.seen(HttpMethod::put, "/objects/up1")[0];
    EXPECT_EQ(put.body, "pixels");
    EXPECT_EQ(put.header("X-Signed"), "yes");
    EXPECT_EQ(put.header("Authorization"), "") << "the URL is signed";
    const auto create = http.seen(HttpMethod::post, "/api/v1/jobs")[0];
    EXPECT_EQ(
        create.body,
        R"({"type":"bg_remove","params":{"halo":{"mode":"strong"}},"inputs":[{"upload":"up1"}],"metadata":{"cli_file":"shoe.jpg"}})");
    EXPECT_EQ(create.header("Idempotency-Key").size(), 36u);
    EXPECT_EQ(create.header("Authorization"), "Bearer dk_test");
    EXPECT_EQ(http.seen(HttpMethod::get, "/api/v1/jobs/")[0].header("Prefer"), "wait=30");
}

TEST_F(RunCommand, ManyPicturesEachGetTheirOwnResult) {
    darkroom.with_server();
    std::vector<std::string> files;
    files.reserve(40);
    for (int i = 0; i < 40; ++i)
        files.push_back(picture(std::to_string(i) + "/x.jpg", "picture " + std::to_string(i)));
    const auto outcome = run(files);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(darkroom.gateway.jobs(), 40u);
    EXPECT_EQ(results().size(), 40u);
    std::set<std::string> contents;
    for (const auto& name : results()) contents.insert(darkroom.folder.read(name));
    EXPECT_EQ(contents.size(), 40u) << "same names, none lost";
    EXPECT_THAT(outcome.err, HasSubstr("Done  40 ok"));
}

TEST_F(RunCommand, WithoutAServerItStartsItsOwnAndStopsIt) {
    const auto outcome = run({picture("shoe.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(darkroom.embedded_started, 1);
    EXPECT_EQ(darkroom.embedded_stopped, 1);
    EXPECT_THAT(outcome.err, HasSubstr("No server is running, so this run starts its own"));
}

TEST_F(RunCommand, AGatewayThatCannotStartIsExplained) {
    darkroom.start_problem = StartProblem{"MAX_INFLIGHT must be a number, got \"many\"", 78};
    const auto outcome = run({picture("shoe.jpg")});
    EXPECT_EQ(outcome.code, 78);
    EXPECT_THAT(outcome.err, HasSubstr("MAX_INFLIGHT must be a number"));
}

TEST_F(RunCommand, TheEndingComesFromTheResult) {
    darkroom.with_server();
    darkroom.gateway.content_type = "image/webp";
    EXPECT_EQ(run({picture("shoe.jpg")}).out, out + "/shoe-bg_remove.webp\n");
}

TEST_F(RunCommand, AnInputIsNeverReplaced) {
    darkroom.with_server();
    const auto input = darkroom.folder.file("out/x-bg_remove.png", "the original");
    const auto outcome = run({input, picture("x.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(darkroom.folder.read("out/x-bg_remove.png"), "the original");
    EXPECT_EQ(results().size(), 3u);
}

TEST_F(RunCommand, JsonIsTheJobsAsTheApiGivesThem) {
    darkroom.with_server();
    const auto outcome = run({picture("good.jpg"), picture("bad.jpg", "bad picture"),
                              (darkroom.folder.path() / "none.jpg").string(), "--json"});
    EXPECT_EQ(outcome.code, 3);
    const auto document = parse_json(outcome.out);
    ASSERT_TRUE(document) << outcome.out;
    const auto& rows = document->get_array();
    ASSERT_EQ(rows.size(), 3u);
    const auto& good = rows[0].get_object();
    EXPECT_EQ(text_member(good, "status"), "SUCCEEDED");
    EXPECT_EQ(text_member(good, "output"), out + "/good-bg_remove.png");
    EXPECT_TRUE(good.contains("params") && good.contains("outputs") && good.at("problem").is_null());
    const auto& bad = rows[1].get_object();
    EXPECT_EQ(text_member(*object_member(bad, "error"), "code"), "input_unreadable");
    EXPECT_TRUE(bad.at("output").is_null() && bad.at("problem").is_null());
    const auto& none = rows[2].get_object();
    EXPECT_TRUE(none.at("id").is_null() && none.at("status").is_null());
    EXPECT_EQ(text_member(none, "type"), "bg_remove");
    EXPECT_EQ(text_member(*object_member(none, "problem"), "code"), "file_missing");
}

TEST_F(RunCommand, PlainIsOneRowForEachFile) {
    darkroom.with_server();
    const auto outcome = run({picture("good.jpg"), picture("bad.jpg", "bad picture"), "--plain", "-q"});
    const auto ids = darkroom.gateway.job_ids();
    EXPECT_THAT(outcome.out,
                HasSubstr("\tbg_remove\tSUCCEEDED\t1.5 s\t" + out + "/good-bg_remove.png\t00000000-"));
    EXPECT_THAT(outcome.out, HasSubstr("\tbg_remove\tFAILED\t1.5 s\t-\t00000000-"));
}

TEST_F(RunCommand, ATerminalShowsABarAndNoDoubleLines) {
    darkroom.with_server();
    darkroom.console = {
        .out_is_terminal = true, .err_is_terminal = true, .animation = true, .colour = false, .width = 60};
    const auto file = picture("shoe.jpg");
    const auto outcome = run({file});
    EXPECT_EQ(outcome.out, "ok  " + file + "  1.5 s  -> " + out + "/shoe-bg_remove.png\n");
    EXPECT_THAT(outcome.err, HasSubstr("ing  0/1  ---"));
    EXPECT_THAT(darkroom.http.seen(HttpMethod::get, "/api/v1/jobs/")[0].header("Prefer"), "wait=5");
}

// ---- What is wrong before anything is sent
// ------------------------------------------------------------------

TEST_F(RunCommand, FilesThatCannotBeSentAreNamedAndTheOthersGo) {
    darkroom.with_server();
    const auto outcome =
        run({picture("good.jpg"), picture("empty.jpg", ""), darkroom.folder.path().string(), "missing.jpg"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("empty.jpg is empty"), HasSubstr(" is a folder; name the pictures in it"),
                      HasSubstr("missing.jpg does not exist"), HasSubstr("Done  1 ok, 3 failed")));
    EXPECT_EQ(darkroom.gateway.jobs(), 1u);
}

TEST_F(RunCommand, WithoutAnyUsableFileNobodyIsAsked) {
    const auto outcome = run({"missing.jpg", picture("empty.jpg", "")});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(darkroom.http.seen(), IsEmpty());
    EXPECT_EQ(darkroom.embedded_started, 0);
}

TEST_F(RunCommand, BadParamsOnTheCommandLineAreUsageErrors) {
    const auto outcome = run({picture("a.jpg"), "-p", "crop"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("-p crop: expected key=value"));
    EXPECT_THAT(darkroom.http.seen(), IsEmpty());
}

TEST_F(RunCommand, AFolderThatCannotBeMadeIsAUsageError) {
    darkroom.with_server();
    out = picture("file.png");
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("-o takes a folder"));
    EXPECT_EQ(posts("/"), 0u);
}

TEST_F(RunCommand, AnUnknownTypeCostsNoUpload) {
    darkroom.with_server();
    const auto outcome = darkroom.run({"run", "bg_remov", picture("a.jpg"), "-o", out});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("there is no type \"bg_remov\"; did you mean \"bg_remove\"?"));
    EXPECT_EQ(posts("/"), 0u);
}

// ---- What the server says
// -----------------------------------------------------------------------------------

TEST_F(RunCommand, AMistakeInTheParamsCostsOneUploadAndIsSaidOnce) {
    darkroom.with_server();
    darkroom.http.on(HttpMethod::post, "/api/v1/jobs", [](const auto&) -> Answer {
        return json_answer(
            422, R"({"code":"validation_failed","detail":"x","errors":[{"pointer":"/params/tolerance",
            "code":"params_invalid","detail":"tolerance must be between 0 and 60, got 99"}]})");
    });
    std::vector<std::string> files;
    files.reserve(20);
    for (int i = 0; i < 20; ++i) files.push_back(picture(std::to_string(i) + ".jpg"));
    const auto outcome = run(files);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("params.tolerance must be between 0 and 60, got 99"),
                                   HasSubstr("19 more files not sent, for the same reason")));
    EXPECT_EQ(posts("/uploads"), 1u);
    EXPECT_THAT(results(), IsEmpty());
}

TEST_F(RunCommand, AWrongKeyIsSaidBeforeAnythingIsSent) {
    darkroom.with_server();
    darkroom.http.on(HttpMethod::get, "/types", [](const auto&) -> Answer {
        return problem_answer(401, "unauthenticated", "A valid API key is needed.");
    });
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("A valid API key is needed."), HasSubstr("DARKROOM_API_KEY")));
    EXPECT_THAT(outcome.err, Not(HasSubstr("dk_test")));
    EXPECT_EQ(posts("/"), 0u);
}

TEST_F(RunCommand, APictureTheServerRefusesDoesNotStopTheOthers) {
    darkroom.with_server();
    darkroom.http.on(
        HttpMethod::put, "/objects/",
        [](const auto&) -> Answer {
            return problem_answer(415, "input_unsupported_format",
                                  "The file is not a picture of a supported format.");
        },
        1);
    const auto outcome = run({picture("text.jpg"), picture("b.jpg"), picture("c.jpg")});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, AllOf(ContainsRegex("  x .*/in/text.jpg  input_unsupported_format: "),
                                   HasSubstr("input_unsupported_format: The file is not"),
                                   HasSubstr("try: convert it to JPEG"), HasSubstr("Done  2 ok, 1 failed")));
    EXPECT_EQ(posts("/uploads"), 3u) << "a refusal is not repeated";
}

TEST_F(RunCommand, FailedJobsAreListedWithAdvice) {
    darkroom.with_server();
    const auto outcome = run({picture("a.jpg", "bad picture"), picture("b.jpg", "bad picture too")});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("input_unreadable: The file ends in the middle of the picture."),
                      HasSubstr("try: open it in an image viewer"),
                      HasSubstr("details: darkroom jobs get 00000000-"), HasSubstr("Done  0 ok, 2 failed")));
}

TEST_F(RunCommand, ServerTextCannotRewriteTheTerminal) {
    darkroom.with_server();
    darkroom.http.on(HttpMethod::post, "/api/v1/jobs",
                     [](const auto&) -> Answer { return problem_answer(400, "x", "\x1b[2Jowned\r"); });
    EXPECT_THAT(run({picture("a.jpg")}).err, AllOf(HasSubstr("�[2Jowned�"), Not(HasSubstr("\x1b"))));
}

// ---- A bad network
// ------------------------------------------------------------------------------------------

TEST_F(RunCommand, ABrokenUploadIsBegunAgain) {
    darkroom.with_server();
    darkroom.http.on(
        HttpMethod::put, "/objects/",
        [](const auto&) -> Answer { return Fail(failure(FetchError::interrupted)); }, 2);
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(posts("/uploads"), 3u) << "each time with a new upload";
    EXPECT_EQ(darkroom.gateway.jobs(), 1u);
}

TEST_F(RunCommand, ALostAnswerToACreationMakesNoSecondJob) {
    darkroom.with_server();
    // The gateway takes the request, and the answer is lost on the way: twice.
    darkroom.http.on(
        HttpMethod::post, "/api/v1/jobs",
        [this](const auto& request) -> Answer {
            (void)darkroom.http.fetch(request);  // this rule is used up, so the gateway's own answers
            return Fail(failure(FetchError::interrupted));
        },
        1);
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(darkroom.gateway.jobs(), 1u);
    std::set<std::string> keys;
    for (const auto& create : darkroom.http.seen(HttpMethod::post, "/api/v1/jobs"))
        keys.insert(create.header("Idempotency-Key"));
    EXPECT_EQ(keys.size(), 1u);
}

TEST_F(RunCommand, EachPictureHasItsOwnIdempotencyKey) {
    darkroom.with_server();
    ASSERT_EQ(run({picture("a.jpg"), picture("b.jpg"), picture("c.jpg")}).code, 0);
    std::set<std::string> keys;
    for (const auto& create : darkroom.http.seen(HttpMethod::post, "/api/v1/jobs"))
        keys.insert(create.header("Idempotency-Key"));
    EXPECT_EQ(keys.size(), 3u);
}

TEST_F(RunCommand, ADamagedDownloadIsFetchedAgain) {
    darkroom.with_server();
    const auto damaged = [](const auto& request) -> Answer {
        (void)request.on_body("done:pixelz");
        return json_answer(200, "");
    };
    darkroom.http.on(HttpMethod::get, "/files/", damaged, 1);
    darkroom.http.on(
        HttpMethod::get, "/files/",
        [](const auto&) -> Answer { return problem_answer(410, "url_expired", "gone"); }, 1);
    darkroom.http.on(
        HttpMethod::get, "/files/",
        [](const auto& request) -> Answer {
            (void)request.on_body("done:pixels and far too much");
            return Fail(failure(FetchError::stopped));
        },
        1);
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(darkroom.folder.read("out/a-bg_remove.png"), "done:pixels");
    darkroom.http.on(HttpMethod::get, "/files/", damaged);
    const auto hopeless = run({picture("b.jpg")});
    EXPECT_EQ(hopeless.code, 1);
    EXPECT_THAT(hopeless.err, HasSubstr("download_damaged"));
    EXPECT_THAT(results(), ElementsAre("out/a-bg_remove.png")) << "nothing half stays";
}

TEST_F(RunCommand, AServerThatIsNotThereIsSaidSo) {
    darkroom.environment["DARKROOM_URL"] = "http://127.0.0.1:9";
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 8);
    EXPECT_THAT(outcome.err, HasSubstr("no connection: http://127.0.0.1:9"));
    EXPECT_EQ(darkroom.embedded_started, 0) << "a server was named, so no other is started";
}

TEST_F(RunCommand, AServerThatGoesAwayLeavesIdsToComeBackTo) {
    darkroom.with_server();
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [](const auto&) -> Answer {
        return json_answer(503, "", {{"Retry-After", "600"}});
    });
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 8);
    EXPECT_THAT(outcome.err, HasSubstr("darkroom jobs get 00000000-0000-4000-8000-000000000001"));
}

// ---- Leaving early
// ------------------------------------------------------------------------------------------

TEST_F(RunCommand, CtrlCSaysHowToGoOn) {
    darkroom.with_server();
    darkroom.http.on(
        HttpMethod::get, "/api/v1/jobs/",
        [](const auto& request) -> Answer {
            std::raise(SIGINT);
            return json_answer(200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) +
                                        R"(","status":"RUNNING"})");
        },
        1);
    darkroom.http.on(HttpMethod::get, "/files/",
                     [](const auto&) -> Answer { return Fail(failure(FetchError::stopped)); });
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 130);
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("Stopped watching."), HasSubstr("0 ok, 1 open"),
                      HasSubstr("1 job goes on without you"),
                      HasSubstr("darkroom jobs watch 00000000-0000-4000-8000-000000000001 -o " + out)));
    EXPECT_THAT(results(), IsEmpty());
    EXPECT_THAT(darkroom.ended_with, IsEmpty()) << "the threads left by themselves";
}

TEST_F(RunCommand, CtrlCWithItsOwnGatewaySaysThatJobsWaitForTheNextStart) {
    darkroom.http.on(
        HttpMethod::get, "/api/v1/jobs/",
        [](const auto& request) -> Answer {
            std::raise(SIGTERM);
            return json_answer(200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) +
                                        R"(","status":"QUEUED"})");
        },
        1);
    darkroom.http.on(HttpMethod::get, "/files/",
                     [](const auto&) -> Answer { return Fail(failure(FetchError::stopped)); });
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 130);
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("1 job goes on at the next start of the gateway: darkroom serve"),
                      Not(HasSubstr("trying again"))));
    EXPECT_EQ(darkroom.embedded_stopped, 1);
}

TEST_F(RunCommand, TheTimeLimitEndsTheWaitNotTheJob) {
    darkroom.with_server();
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [](const auto& request) -> Answer {
        return json_answer(
            200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) + R"(","status":"RUNNING"})");
    });
    const auto outcome = run({picture("a.jpg"), "--timeout", "50ms", "--json"});
    EXPECT_EQ(outcome.code, 7);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("The time is up"), HasSubstr("darkroom jobs watch 00000000-")));
    const auto document = parse_json(outcome.out);
    ASSERT_TRUE(document) << outcome.out;
    EXPECT_EQ(text_member(document->get_array().front().get_object(), "status"), "RUNNING");
}

TEST_F(RunCommand, AServerThatHoldsNoRequestIsNotHammered) {
    darkroom.with_server();
    darkroom.retry.poll_pause = Milliseconds(40);
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [](const auto& request) -> Answer {
        return json_answer(
            200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) + R"(","status":"RUNNING"})");
    });
    EXPECT_EQ(run({picture("a.jpg"), "--timeout", "200ms"}).code, 7);
    EXPECT_LE(darkroom.http.seen(HttpMethod::get, "/api/v1/jobs/").size(), 6u);
}

TEST_F(RunCommand, AHeldRequestDoesNotKeepTheProcess) {
    darkroom.with_server();
    std::mutex mutex;
    std::condition_variable released;
    bool release = false;
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [&](const auto&) -> Answer {
        std::raise(SIGINT);
        std::unique_lock lock(mutex);
        released.wait_for(lock, std::chrono::seconds(30), [&] { return release; });
        return Fail(failure(FetchError::interrupted));
    });
    // In the real program the process is over when end_process is called; here it lets the request go.
    darkroom.on_end_process = [&] {
        const std::lock_guard lock(mutex);
        release = true;
        released.notify_all();
    };
    const auto outcome = run({picture("a.jpg")});
    EXPECT_THAT(darkroom.ended_with, ElementsAre(130));
    EXPECT_THAT(outcome.err, HasSubstr("darkroom jobs watch"));
}

}  // namespace
}  // namespace darkroom::cli
