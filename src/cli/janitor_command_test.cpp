// `darkroom janitor`: what is asked of the gateway page by page, what is printed, and what a server that
// fails or lies can do about it.
#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/json.h"
#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::json_answer;
using fakes::problem_answer;
using ports::HttpMethod;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* key_1 = "thumbnails/00000000-0000-4000-8000-000000000001.jpg";
constexpr const char* key_2 = "uploaded/00000000-0000-4000-8000-000000000002.png";
constexpr const char* job_1 = "00000000-0000-4000-8000-000000000003";

std::string orphan(const std::string& key, const std::string& bytes) {
    return R"({"key":")" + key + R"(","bytes":)" + bytes + R"(,"modified_at":"2020-01-01T00:00:00.000Z"})";
}

std::string page(const std::string& orphans, const std::string& next, int looked_at = 2, int foreign = 0,
                 int unfinished = 0) {
    return R"({"looked_at":)" + std::to_string(looked_at) + R"(,"foreign":)" + std::to_string(foreign) +
           R"(,"unfinished":)" + std::to_string(unfinished) + R"(,"removed":false,"orphans":[)" + orphans +
           R"(],"next":)" + next + "}";
}

class JanitorCommand : public testing::Test {
protected:
    JanitorCommand() { darkroom.with_server(); }

    /// The answers to one request after the other; the last one again and again.
    void answer(const std::string& path, const std::vector<Answer>& answers) {
        darkroom.http.on(HttpMethod::post, path,
                         [answers, turn = std::make_shared<std::size_t>(0)](const auto&) -> Answer {
                             return answers[std::min((*turn)++, answers.size() - 1)];
                         });
    }
    void orphans(std::vector<std::string> pages) {
        std::vector<Answer> answers;
        answers.reserve(pages.size());
        for (auto& one : pages) answers.emplace_back(json_answer(200, std::move(one)));
        answer("/api/v1/admin/orphans", answers);
    }
    std::vector<std::string> asked(const std::string& path) const {
        std::vector<std::string> bodies;
        for (const auto& request : darkroom.http.seen(HttpMethod::post, path)) bodies.push_back(request.body);
        return bodies;
    }

    fakes::Darkroom darkroom;
};

TEST_F(JanitorCommand, ShowsOrphansOfAllPagesAndRemovesNothing) {
    orphans({page(orphan(key_1, "1200000"), R"("0:a\u001fb\"")", 2, 0, 1),
             page(orphan(key_2, "512"), "null", 5, 3)});
    const auto outcome = darkroom.run({"janitor"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                StartsWith("KEY                                                  BYTES   AGE\n"));
    EXPECT_THAT(outcome.out, AllOf(HasSubstr(std::string(key_1) + "  1.2 MB  "), HasSubstr("  512 B   ")));
    EXPECT_EQ(outcome.err,
              "2 orphans, 1.2 MB, 1 unfinished upload; nothing was removed: --remove does that.\n"
              "7 objects looked at, 3 of them not Darkroom's and left alone.\n");
    const auto requests = asked("/admin/orphans");
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0], R"({"remove":false,"store":"main","older_than_s":86400})");
    const auto second = parse_json(requests[1]);
    ASSERT_TRUE(second.ok()) << requests[1];
    EXPECT_EQ(second->at_pointer("/place").as_string(),
              "0:a\x1f"
              "b\"")
        << "a place is given back as it was";
    EXPECT_THAT(asked("/admin/missing"), IsEmpty());
}

TEST_F(JanitorCommand, RemovesOnlyWhenItIsTold) {
    orphans({page(orphan(key_1, "7"), "null")});
    const auto outcome = darkroom.run({"janitor", "--remove", "--older-than", "7d", "--volume"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("1 orphan, 7 B; removed.\n"));
    EXPECT_EQ(asked("/admin/orphans")[0], R"({"remove":true,"store":"volume","older_than_s":604800})");
}

TEST_F(JanitorCommand, NothingToDoIsSaidInALine) {
    orphans({page("", "null", 0)});
    const auto outcome = darkroom.run({"janitor", "--remove"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_EQ(outcome.err, "0 orphans.\n0 objects looked at.\n");
    EXPECT_THAT(darkroom.run({"janitor", "-q"}).err, IsEmpty());
}

TEST_F(JanitorCommand, ProgramsGetRowsAndJsonWithFiguresAsTheyAre) {
    orphans({page(orphan(key_1, "1200000"), "null")});
    EXPECT_EQ(darkroom.run({"janitor", "--plain"}).out,
              std::string(key_1) + "\t1200000\t2020-01-01T00:00:00.000Z\n");
    const auto document = parse_json(darkroom.run({"janitor", "--json"}).out);
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(document->at_pointer("/orphans/0/bytes").as_int64(), 1'200'000);
    EXPECT_EQ(document->at_pointer("/removed").as_bool(), false);
    EXPECT_EQ(document->as_object().if_contains("missing"), nullptr) << "it was not asked for";
}

TEST_F(JanitorCommand, TellsOnRequestWhatJobsNameAndIsGone) {
    orphans({page("", "null")});
    answer("/api/v1/admin/missing",
           {json_answer(200, R"({"looked_at":300,"missing":[],"next":9007199254740993})"),
            json_answer(200, R"({"looked_at":1,"missing":[{"job_id":")" + std::string(job_1) +
                                 R"(","key":")" + key_2 + R"("}],"next":null})")});
    const auto outcome = darkroom.run({"janitor", "--check-jobs"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(std::string(job_1) + "  " + key_2));
    EXPECT_THAT(outcome.err, HasSubstr("1 object that a job names and that is missing.\n"));
    EXPECT_THAT(asked("/admin/missing"), testing::ElementsAre("{}", R"({"after":9007199254740993})"));
    const auto document = parse_json(darkroom.run({"janitor", "--check-jobs", "--json"}).out);
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(document->at_pointer("/missing").as_array().size(), 1u);
}

TEST_F(JanitorCommand, AKeyThatIsNoAdminsIsToldSo) {
    answer("/api/v1/admin/orphans", {problem_answer(403, "forbidden", "Only an admin key may do this.")});
    const auto outcome = darkroom.run({"janitor"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("Only an admin key may do this."), HasSubstr("DARKROOM_API_KEY")));
}

TEST_F(JanitorCommand, WhatWasDoneBeforeAFailureIsToldAllTheSame) {
    answer("/api/v1/admin/orphans", {json_answer(200, page(orphan(key_1, "7"), "\"1:\"")),
                                     problem_answer(500, "storage_unavailable", "The storage is down.")});
    const auto outcome = darkroom.run({"janitor", "--remove"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.out, HasSubstr(key_1));
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("This is not all"), HasSubstr("1 orphan, 7 B; removed."),
                                   HasSubstr("The storage is down.")));
}

TEST_F(JanitorCommand, AServerThatLeadsInACircleIsLeft) {
    orphans({page("", "\"a\""), page("", "\"b\""), page("", "\"a\"")});
    const auto outcome = darkroom.run({"janitor"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("circle"));
    EXPECT_EQ(asked("/admin/orphans").size(), 3u);
}

TEST_F(JanitorCommand, ForeignAnswersAreNotTakenForPages) {
    for (const auto* body : {"[]", "{}", "7", R"({"orphans":7})", R"({"orphans":null,"next":null})"}) {
        orphans({body});
        const auto outcome = darkroom.run({"janitor"});
        EXPECT_EQ(outcome.code, 1) << body;
        EXPECT_THAT(outcome.err, HasSubstr("is this a Darkroom server")) << body;
    }
    orphans({R"({"orphans":[7,null,{},{"key":"\u001b[2J\n","bytes":-5}],"looked_at":-1})"});
    const auto outcome = darkroom.run({"janitor"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
}

TEST_F(JanitorCommand, WrongFlagsAreSentences) {
    const auto complaint = [&](const std::vector<std::string>& arguments) {
        const auto outcome = darkroom.run(arguments);
        EXPECT_EQ(outcome.code, 2);
        return outcome.err;
    };
    EXPECT_THAT(complaint({"janitor", "--older-than", "soon"}), HasSubstr("--older-than takes a time as in"));
    EXPECT_THAT(complaint({"janitor", "--older-than", "0"}), HasSubstr("--older-than takes a time as in"));
    EXPECT_THAT(complaint({"janitor", "--volume", "--check-jobs"}), HasSubstr("excludes --volume"));
    EXPECT_THAT(complaint({"janitor", "everything"}), HasSubstr("one argument too many"));
    EXPECT_THAT(complaint({"janitor", "--remov"}), HasSubstr("did you mean \"--remove\"?"));
    EXPECT_THAT(darkroom.http.seen(), IsEmpty());
    EXPECT_THAT(darkroom.run({"janitor", "--help"}).out, HasSubstr("--check-jobs"));
}

}  // namespace
}  // namespace darkroom::cli
