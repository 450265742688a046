// `darkroom run` when all goes well, and what it says of mistakes: in the command line, in the files, in the
// params.
#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "base/json.h"
#include "cli/fakes.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/run_fixture.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::json_answer;
using fakes::problem_answer;
using ports::HttpMethod;
using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using RunCommand = fakes::RunFixture;

// ---- It works ----

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
    EXPECT_THAT(outcome.err, ContainsRegex("(Sending|Working)  [01]/1  "));
    EXPECT_THAT(darkroom.http.seen(HttpMethod::get, "/api/v1/jobs/")[0].header("Prefer"), "wait=5");
}

// ---- What is wrong before anything is sent ----

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

// ---- What the server says ----

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

constexpr const char* three_types =
    R"({"types":[{"type":"bg_remove"},{"type":"upscale_2k"},{"type":"object_remove"}]})";

TEST_F(RunCommand, TypesJoinedByAPlusAreAChain) {
    darkroom.with_server();
    darkroom.http.on(ports::HttpMethod::get, "/api/v1/types",
                     [](const auto&) { return fakes::json_answer(200, three_types); });
    const auto outcome = darkroom.run({"run", "bg_remove+upscale_2k", picture("a.jpg"), "-p",
                                       "upscale_2k.target=1024", "--backend", "local", "-o", out});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const auto seen = darkroom.http.seen(ports::HttpMethod::post, "/api/v1/jobs");
    ASSERT_EQ(seen.size(), 1u);
    const auto body = *parse_json(seen[0].body);
    EXPECT_EQ(body.at("type").as_string(), "chain");
    EXPECT_EQ(json_text(body.at("steps")),
              R"([{"id":"bg_remove","type":"bg_remove"},)"
              R"({"id":"upscale_2k","type":"upscale_2k","params":{"target":1024}}])");
    EXPECT_FALSE(body.as_object().contains("params"));
    EXPECT_EQ(body.at("backend").as_string(), "local");
    EXPECT_EQ(results().size(), 1u);
}

TEST_F(RunCommand, AMistypedStepCostsNoUpload) {
    darkroom.with_server();
    darkroom.http.on(ports::HttpMethod::get, "/api/v1/types",
                     [](const auto&) { return fakes::json_answer(200, three_types); });
    auto outcome = darkroom.run({"run", "bg_remove+upscale_2", picture("a.jpg"), "-o", out});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("there is no type \"upscale_2\"; did you mean \"upscale_2k\"?"));
    outcome = darkroom.run({"run", "bg_remove+upscale_2k", picture("a.jpg"), "-p", "crop=true", "-o", out});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("as in bg_remove.crop"));
    EXPECT_EQ(posts("/api/v1/uploads"), 0u);
}

TEST_F(RunCommand, AMaskGoesWithEachPictureAsItsSecondInput) {
    darkroom.with_server();
    darkroom.http.on(ports::HttpMethod::get, "/api/v1/types",
                     [](const auto&) { return fakes::json_answer(200, three_types); });
    const auto mask = picture("wires.png", "a mask");
    const auto outcome = darkroom.run(
        {"run", "object_remove", picture("a.jpg"), "--mask", mask, "-p", "grow=0.01", "-o", out});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(posts("/api/v1/uploads"), 2u);
    const auto seen = darkroom.http.seen(ports::HttpMethod::post, "/api/v1/jobs");
    ASSERT_EQ(seen.size(), 1u);
    const auto body = *parse_json(seen[0].body);
    EXPECT_EQ(json_text(body.at("params")), R"({"grow":0.01,"region":{"mask":"mask"}})");
    ASSERT_EQ(body.at("inputs").as_array().size(), 2u);
    EXPECT_EQ(body.at("inputs").at(1).at("name").as_string(), "mask");
    EXPECT_NE(body.at("inputs").at(0).at("upload"), body.at("inputs").at(1).at("upload"));
}

TEST_F(RunCommand, AMaskThatIsNotThereIsAUsageError) {
    darkroom.with_server();
    const auto outcome = darkroom.run({"run", "bg_remove", picture("a.jpg"), "--mask", out + "/none.png"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("none.png"));
    EXPECT_EQ(posts("/api/v1/uploads"), 0u);
}

TEST_F(RunCommand, SaysWhereToRunOnlyWhenItIsTold) {
    darkroom.with_server();
    EXPECT_EQ(run({picture("shoe.jpg"), "--backend", "serverless"}).code, 0);
    EXPECT_EQ(run({picture("boot.jpg")}).code, 0);
    const auto created = darkroom.http.seen(ports::HttpMethod::post, "/api/v1/jobs");
    ASSERT_EQ(created.size(), 2u);
    EXPECT_NE(created[0].body.find(R"("backend":"serverless")"), std::string::npos) << created[0].body;
    EXPECT_EQ(created[1].body.find("backend"), std::string::npos) << created[1].body;
    EXPECT_EQ(run({picture("shoe.jpg"), "--backend", "a b"}).code, 2);
}

TEST_F(RunCommand, TellsAColdStartApartFromTheWorkAndWhatWasPaid) {
    darkroom.with_server();
    darkroom.gateway.attempts_json =
        R"([{"number":1,"delay_ms":500,"cost_usd":0.000300},{"number":2,"delay_ms":31000,"cost_usd":0.000700}])";
    const auto outcome = run({picture("shoe.jpg"), picture("boot.jpg", "others")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("1.5 s after 31 s of waiting"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(", $0.0020"), std::string::npos) << outcome.err;
}

TEST_F(RunCommand, WorkOnTheServerItselfHasNoPrice) {
    darkroom.with_server();
    darkroom.gateway.attempts_json = R"([{"number":1,"delay_ms":31000,"cost_usd":null}])";
    const auto outcome = run({picture("shoe.jpg")});
    EXPECT_EQ(outcome.err.find("waiting"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find('$'), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace darkroom::cli
