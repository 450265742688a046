#include "cli/problem_text.h"

#include <gmock/gmock.h>

namespace darkroom::cli {
namespace {

using testing::ElementsAre;

std::vector<std::string> told(const std::string& pointer, const std::string& detail) {
    ServerProblem problem;
    problem.fields.push_back({pointer, detail});
    return sentences(problem);
}

TEST(ProblemText, FieldsAreNamedAsTheyAreTyped) {
    EXPECT_THAT(told("/params/tolerance", "must be between 0 and 60, got 99"),
                ElementsAre("params.tolerance must be between 0 and 60, got 99"));
    EXPECT_THAT(told("/params/tolerance", "tolerance must be between 0 and 60, got 99"),
                ElementsAre("params.tolerance must be between 0 and 60, got 99"));
    EXPECT_THAT(told("/params/halo/mode", "halo.mode must be one of off, auto"),
                ElementsAre("params.halo.mode: halo.mode must be one of off, auto"));
    EXPECT_THAT(told("/params/tolerence", "unknown param \"tolerence\"; did you mean \"tolerance\"?"),
                ElementsAre("unknown param \"tolerence\"; did you mean \"tolerance\"?"));
    EXPECT_THAT(told("/inputs/0/upload", "was never sent"), ElementsAre("inputs[0].upload: was never sent"));
    EXPECT_THAT(told("/a~1b~0c", ""), ElementsAre("a/b~c is not valid"));
    EXPECT_THAT(told("", "The body must be a JSON object."), ElementsAre("The body must be a JSON object."));
}

TEST(ProblemText, ADocumentIsReadWhole) {
    const auto problem = read_problem(
        422, R"({"type":"x","title":"The request is not valid","status":422,"detail":"two things",
        "code":"validation_failed","request_id":"r1","retryable":false,
        "errors":[{"pointer":"/params/a","code":"params_invalid","detail":"must be true."},{"pointer":"/type","detail":"type is missing"},7]})");
    EXPECT_EQ(problem.code, "validation_failed");
    EXPECT_EQ(problem.request_id, "r1");
    EXPECT_TRUE(problem.final);
    EXPECT_TRUE(problem.concerns_every_file());
    EXPECT_THAT(sentences(problem), ElementsAre("params.a must be true.", "type is missing"));
    EXPECT_EQ(in_one_line(problem), "params.a must be true; type is missing");
}

TEST(ProblemText, AnythingElseStillBecomesASentence) {
    EXPECT_THAT(sentences(read_problem(502, "<html>Bad gateway</html>")),
                ElementsAre("HTTP 502: the server is in trouble"));
    EXPECT_THAT(sentences(read_problem(401, "")), ElementsAre("HTTP 401: the API key is missing or wrong"));
    EXPECT_THAT(sentences(read_problem(404, "[1,2]")), ElementsAre("HTTP 404"));
    EXPECT_THAT(
        sentences(read_problem(400, R"({"title":"The cursor is not valid here","errors":"no","detail":7})")),
        ElementsAre("The cursor is not valid here"));
    EXPECT_FALSE(read_problem(415, R"({"code":"input_unsupported_format"})").concerns_every_file());
    EXPECT_TRUE(read_problem(401, "").concerns_every_file());
    EXPECT_TRUE(read_problem(422, R"({"code":"unknown_type"})").concerns_every_file());
}

TEST(ProblemText, EndlessListsOfErrorsAreCutShort) {
    std::string body = R"({"errors":[)";
    for (int i = 0; i < 500; ++i) body += std::string(i == 0 ? "" : ",") + R"({"pointer":"/x","detail":"d"})";
    EXPECT_EQ(sentences(read_problem(422, body + "]}")).size(), 50u);
}

}  // namespace
}  // namespace darkroom::cli
