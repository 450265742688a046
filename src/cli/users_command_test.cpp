// `darkroom users`: who waits, and what an operator says of shares.
#include <gmock/gmock.h>

#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::json_answer;
using testing::HasSubstr;

class UsersCommand : public testing::Test {
protected:
    UsersCommand() { darkroom.with_server(); }
    void answer_users(const std::string& users, const std::string& next = "null", int times = -1) {
        darkroom.http.on(
            ports::HttpMethod::get, "/api/v1/admin/users",
            [=](const auto&) -> Answer {
                return json_answer(200, R"({"users":[)" + users + R"(],"next_cursor":)" + next + "}");
            },
            times);
    }
    void answer_share(ports::HttpMethod method, const std::string& share) {
        darkroom.http.on(method, "/api/v1/admin/users/ann@x/share",
                         [=](const auto&) -> Answer { return json_answer(200, share); });
    }
    fakes::Darkroom darkroom;
};

constexpr const char* ann = R"({"user_id":"ann@x","weight":2,"inflight_max":4,"waiting":59996,"at_work":4})";
constexpr const char* bob = R"({"user_id":"bob","weight":1,"inflight_max":null,"waiting":1,"at_work":0})";

TEST_F(UsersCommand, ListsWhoWaitsAndIsAtWork) {
    answer_users(bob);
    answer_users(ann, R"("ann@x")", 1);
    const auto outcome = darkroom.run({"users", "list", "--plain"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "ann@x\t2\t4\t59996\t4\nbob\t1\t-\t1\t0\n");
    EXPECT_THAT(darkroom.http.seen(ports::HttpMethod::get, "/admin/users")[1].url,
                HasSubstr("&cursor=ann@x"));
    answer_users(bob);
    EXPECT_THAT(darkroom.run({"users", "list"}).out, HasSubstr("WEIGHT"));
    EXPECT_THAT(darkroom.run({"users", "list", "--json"}).out, HasSubstr(R"("waiting":1)"));
}

TEST_F(UsersCommand, NobodyAndNonsenseAreToldApart) {
    answer_users("");
    EXPECT_THAT(darkroom.run({"users", "list"}).err, HasSubstr("nobody has jobs"));
    darkroom.http.on(ports::HttpMethod::get, "/admin/users",
                     [](const auto&) -> Answer { return json_answer(200, "[]"); });
    EXPECT_EQ(darkroom.run({"users", "list"}).code, 1);
    darkroom.http.on(ports::HttpMethod::get, "/admin/users", [](const auto&) -> Answer {
        return json_answer(200, R"({"users":[7,{}],"next_cursor":"a b&x"})");
    });
    EXPECT_EQ(darkroom.run({"users", "list"}).code, 0) << "and does not follow what is no user";
}

TEST_F(UsersCommand, AShareIsShownOrPut) {
    answer_share(ports::HttpMethod::get, R"({"user_id":"ann@x","weight":1,"inflight_max":null})");
    EXPECT_EQ(darkroom.run({"users", "share", "ann@x"}).out,
              "ann@x: weight 1, no limit at work at a time on each kind of backend\n");
    answer_share(ports::HttpMethod::put, R"({"user_id":"ann@x","weight":2,"inflight_max":4})");
    const auto outcome = darkroom.run({"users", "share", "ann@x", "--weight", "2", "--inflight-max", "4"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "ann@x: weight 2, at most 4 at work at a time on each kind of backend\n");
    const auto seen = darkroom.http.seen(ports::HttpMethod::put, "/share");
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].body, R"({"weight":2,"inflight_max":4})");
    answer_share(ports::HttpMethod::put, R"({"user_id":"somebody else"})");
    EXPECT_EQ(darkroom.run({"users", "share", "ann@x", "--weight", "3"}).code, 1);
}

TEST_F(UsersCommand, WhatCannotBeAShareIsRefusedBeforeAnybodyIsAsked) {
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"users", "share"},
                                                  {"users", "share", "ann", "bob"},
                                                  {"users", "share", "../admin"},
                                                  {"users", "share", "ann", "--weight", "0"},
                                                  {"users", "share", "ann", "--weight", "101"},
                                                  {"users", "share", "ann", "--weight", "two"},
                                                  {"users", "share", "ann", "--inflight-max", "0"},
                                                  {"users", "share", "ann", "--inflight-max", "-1"},
                                                  {"users", "share", "ann", "--inflight-max", "1.5"}})
        EXPECT_EQ(darkroom.run(wrong).code, 2) << wrong.back();
    EXPECT_TRUE(darkroom.http.seen(ports::HttpMethod::put, "/share").empty());
}

}  // namespace
}  // namespace darkroom::cli
