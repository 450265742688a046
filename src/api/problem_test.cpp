// Every error has a status and one shape.
#include "api/problem.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "api/error_page.h"
#include "base/json.h"

namespace darkroom::api {
namespace {

boost::json::object body_of(const ports::HttpResponse& response) {
    const auto parsed = parse_json(std::get<std::string>(response.body));
    EXPECT_TRUE(parsed.ok());
    return parsed->as_object();
}

TEST(Problem, EveryCodeHasItsOwnNameAndAnErrorStatus) {
    std::set<std::string> names;
    for (int i = 0; i < problem_code_count; ++i) {
        const auto& row = traits(static_cast<ProblemCode>(i));
        EXPECT_TRUE(names.insert(std::string(row.name)).second) << row.name;
        EXPECT_GE(row.status, 400);
        EXPECT_LT(row.status, 600);
        const auto response = to_response(Problem(row.code, "Why."), "req");
        EXPECT_EQ(response.status, row.status);
        const auto body = body_of(response);
        EXPECT_EQ(body.at("code").as_string(), row.name);
        EXPECT_EQ(body.at("status").as_int64(), row.status);
        EXPECT_EQ(body.at("retryable").as_bool(), row.retryable);
        EXPECT_EQ(body.at("request_id").as_string(), "req");
    }
}

TEST(Problem, EveryStoreAndStorageErrorIsOneThatAClientCanReadAndHoldsNoDetailOfTheOperator) {
    using ports::ObjectErrorKind;
    using ports::StoreErrorKind;
    for (const auto kind : {StoreErrorKind::unavailable, StoreErrorKind::full, StoreErrorKind::broken}) {
        const auto response = to_response(Problem(ports::StoreError{kind, "/secret/path"}), "");
        EXPECT_TRUE(response.status == 503 || response.status == 507);
        EXPECT_EQ(std::get<std::string>(response.body).find("secret"), std::string::npos);
    }
    for (const auto kind : {ObjectErrorKind::missing, ObjectErrorKind::full, ObjectErrorKind::unavailable,
                            ObjectErrorKind::denied, ObjectErrorKind::misconfigured}) {
        const auto response = to_response(storage_problem({kind, "/secret/path"}), "");
        EXPECT_GE(response.status, 404);
        EXPECT_EQ(std::get<std::string>(response.body).find("secret"), std::string::npos);
    }
}

TEST(Problem, WhatTheStorageRefusesIsToldToTheOperator) {
    using ports::ObjectErrorKind;
    for (const auto kind : {ObjectErrorKind::changed, ObjectErrorKind::full, ObjectErrorKind::unavailable,
                            ObjectErrorKind::denied, ObjectErrorKind::misconfigured}) {
        testing::internal::CaptureStderr();
        (void)storage_problem({kind, "cannot put it: check AWS_SECRET_ACCESS_KEY"});
        EXPECT_NE(testing::internal::GetCapturedStderr().find("check AWS_SECRET_ACCESS_KEY"),
                  std::string::npos);
    }
    testing::internal::CaptureStderr();
    (void)storage_problem({ObjectErrorKind::missing, "there is no such object"});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Problem, EveryJobErrorCanBeAnAnswerToAnUpload) {
    for (int i = 0; i < core::error_code_count; ++i) {
        const auto code = static_cast<core::ErrorCode>(i);
        const Problem problem(core::JobError{code, "Why."});
        EXPECT_EQ(problem.code, core::to_string(code));
        EXPECT_TRUE(problem.status == 413 || problem.status == 415 || problem.status == 422);
    }
}

TEST(Problem, TheTypeOfEveryProblemLeadsToItsExplanation) {
    const auto page = error_page();
    for (int i = 0; i < problem_code_count; ++i) {
        const auto name = std::string(traits(static_cast<ProblemCode>(i)).name);
        EXPECT_NE(page.find("id=\"" + name + "\""), std::string::npos) << name;
        const auto type = body_of(to_response(Problem(static_cast<ProblemCode>(i), "Why."), "")).at("type");
        EXPECT_EQ(type.as_string(), "/docs/errors#" + name);
    }
    for (int i = 0; i < core::error_code_count; ++i) {
        const auto name = std::string(core::to_string(static_cast<core::ErrorCode>(i)));
        EXPECT_NE(page.find("id=\"" + name + "\""), std::string::npos) << name;
    }
}

TEST(Problem, FieldsArePointedAt) {
    const auto response =
        to_response(Problem({{"/params/tolerance", "params_invalid", "tolerance must be at most 60."},
                             {"/parms", "unknown_field", "There is no field \"parms\"."}}),
                    "");
    EXPECT_EQ(response.status, 422);
    const auto body = body_of(response);
    EXPECT_EQ(body.at("code").as_string(), "params_invalid");
    EXPECT_EQ(body.at("pointer").as_string(), "/params/tolerance");
    EXPECT_EQ(body.at("errors").as_array().size(), 2u);
    EXPECT_EQ(body.at("detail").as_string(), "tolerance must be at most 60. (and 1 more)");
}

TEST(Problem, WhatTheServerRefusesLooksTheSame) {
    const auto body = body_of(respond_error(411, "length_required", "Send a \"Content-Length\".", "req"));
    EXPECT_EQ(body.at("request_id").as_string(), "req");
    EXPECT_EQ(body.at("code").as_string(), "length_required");
    EXPECT_EQ(body.at("status").as_int64(), 411);
}

}  // namespace
}  // namespace darkroom::api
