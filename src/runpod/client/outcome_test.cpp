// The tables of what a submit and a call became, of what a server said, and of settings.
#include <gtest/gtest.h>

#include "runpod/client/call_outcome.h"
#include "runpod/client/client_settings.h"
#include "runpod/client/server_words.h"
#include "runpod/client/submit_outcome.h"
#include "runpod/client/testing/scripted_api.h"

namespace darkroom::runpod {
namespace {

using ports::FetchError;
using testing::Answer;
using testing::answered;
using testing::broken;

constexpr std::string_view key = "rpa_SECRETKEY";
const TimePoint now = from_unix_ms(1'700'000'000'000);

// "submitted", "ambiguous", or the kind of refusal.
std::string outcome(const Answer& answer) {
    const auto outcome = submit_outcome(answer, key, now);
    if (std::holds_alternative<Submitted>(outcome)) return "submitted";
    if (const auto* refused = std::get_if<RefusedForSure>(&outcome))
        return std::string(name_of(refused->kind));
    return "ambiguous";
}

TEST(SubmitOutcome, IsSubmittedOnlyWithAnId) {
    EXPECT_EQ(outcome(answered(200, R"({"id":"a-u1","status":"IN_QUEUE"})")), "submitted");
    EXPECT_EQ(outcome(answered(201, R"({"id":"a-u1"})")), "submitted");
    for (const std::string& body :
         {std::string(), std::string("{}"), std::string("<html>ok</html>"), std::string(R"({"id":5})"),
          std::string(R"({"id":"a-u1")"), R"({"id":")" + std::string(10'000, 'x') + "\"}",
          std::string(R"({"error":"x"})")})
        EXPECT_EQ(outcome(answered(200, body)), "ambiguous") << body.substr(0, 40);
}

TEST(SubmitOutcome, IsRefusedForSureOnlyWhereNothingWasQueued) {
    struct Case {
        int status;
        std::string_view is;
    };
    for (const auto& [status, is] :
         {Case{301, "not_found"}, Case{307, "not_found"},   Case{400, "bad_payload"},
          Case{401, "auth"},      Case{402, "funds"},       Case{403, "auth"},
          Case{404, "not_found"}, Case{405, "not_found"},   Case{408, "unreachable"},
          Case{409, "ambiguous"}, Case{410, "not_found"},   Case{413, "bad_payload"},
          Case{418, "ambiguous"}, Case{422, "bad_payload"}, Case{429, "rate_limited"},
          Case{499, "ambiguous"}, Case{500, "ambiguous"},   Case{501, "ambiguous"},
          Case{502, "ambiguous"}, Case{503, "ambiguous"},   Case{504, "ambiguous"},
          Case{520, "ambiguous"}, Case{524, "ambiguous"},   Case{599, "ambiguous"},
          Case{100, "ambiguous"}, Case{0, "ambiguous"}})
        EXPECT_EQ(outcome(answered(status, "<html>no</html>")), is) << status;
    EXPECT_EQ(outcome(broken(FetchError::unreachable)), "unreachable");
    EXPECT_EQ(outcome(broken(FetchError::timed_out)), "unreachable");
    EXPECT_EQ(outcome(broken(FetchError::tls)), "unreachable");
    EXPECT_EQ(outcome(broken(FetchError::bad_url)), "not_found");
    EXPECT_EQ(outcome(broken(FetchError::interrupted)), "ambiguous");
    EXPECT_EQ(outcome(broken(FetchError::answer_too_large)), "ambiguous");
    EXPECT_EQ(outcome(broken(FetchError::stopped)), "ambiguous");
}

// reliability F-C16: which status RunPod uses is not documented.
TEST(SubmitOutcome, KnowsAnEmptyAccountByItsWords) {
    EXPECT_EQ(outcome(answered(403, R"({"error":"Insufficient Funds on account"})")), "funds");
    EXPECT_EQ(outcome(answered(400, R"({"message":"your balance is too low"})")), "funds");
    EXPECT_EQ(outcome(answered(500, R"({"error":"insufficient funds"})")), "ambiguous") << "it may be queued";
    EXPECT_EQ(outcome(answered(429, R"({"error":"insufficient funds"})")), "rate_limited");
}

TEST(SubmitOutcome, SaysWhenToComeBack) {
    const auto outcome = submit_outcome(answered(429, "{}", {{"retry-after", "100000"}}), key, now);
    EXPECT_EQ(std::get<RefusedForSure>(outcome).retry_after, Milliseconds(300'000));
}

TEST(CallOutcome, SaysWhatToDo) {
    struct Case {
        int status;
        CallErrorKind kind;
        bool again;
        bool may_have_happened;
    };
    using K = CallErrorKind;
    for (const auto& one : {Case{400, K::refused, false, false}, Case{401, K::auth, false, false},
                            Case{402, K::funds, false, false}, Case{403, K::auth, false, false},
                            Case{404, K::not_found, false, false}, Case{409, K::refused, false, false},
                            Case{301, K::refused, false, false}, Case{408, K::unavailable, true, false},
                            Case{410, K::not_found, false, false}, Case{429, K::rate_limited, true, false},
                            Case{500, K::unavailable, true, true}, Case{502, K::unavailable, true, true},
                            Case{524, K::unavailable, true, true}, Case{204, K::unavailable, false, true}}) {
        SCOPED_TRACE(one.status);
        const auto answer = answered(one.status, "");
        const auto error = call_error(answer, key, now);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind, one.kind) << name_of(error->kind);
        EXPECT_EQ(is_worth_repeating(answer), one.again);
        EXPECT_EQ(error->may_have_happened, one.may_have_happened);
    }
    EXPECT_FALSE(call_error(answered(200, ""), key, now));
}

TEST(CallOutcome, TellsTroubleFromRefusal) {
    for (const int status : {200, 301, 400, 401, 404, 429})
        EXPECT_FALSE(is_trouble(answered(status, ""))) << status;
    for (const int status : {408, 500, 502, 503, 522})
        EXPECT_TRUE(is_trouble(answered(status, ""))) << status;
    for (const auto error :
         {FetchError::unreachable, FetchError::interrupted, FetchError::timed_out, FetchError::tls})
        EXPECT_TRUE(is_trouble(broken(error)));
    for (const auto error : {FetchError::bad_url, FetchError::answer_too_large, FetchError::stopped})
        EXPECT_FALSE(is_trouble(broken(error)));
}

TEST(ServerWords, AreShortPrintableAndWithoutTheKey) {
    const auto shown = [](int status, std::string body) {
        return describe_answer({status, {}, std::move(body)}, key);
    };
    EXPECT_EQ(shown(400, R"({"error":"json is invalid; max size is 2 MB"})"),
              "HTTP 400: json is invalid; max size is 2 MB");
    EXPECT_EQ(shown(401, R"({"message":"bad key rpa_SECRETKEY, rpa_SECRETKEY"})"),
              "HTTP 401: bad key ***, ***");
    EXPECT_EQ(shown(400, R"({"error":{"code":7}})"), R"(HTTP 400: {"code":7})");
    EXPECT_EQ(shown(400, R"({"title":"a\nb\u001b[31m\u202e"})").find_first_of("\n\x1b\xe2"),
              std::string::npos);
    EXPECT_EQ(shown(502, "<html>rpa_SECRETKEY</html>"),
              "HTTP 502 with 26 bytes that are no error of the API");
    EXPECT_EQ(shown(404, ""), "HTTP 404 without a body");
    EXPECT_EQ(shown(500, R"({"error":"x)").substr(0, 13), "HTTP 500 with");
    EXPECT_LT(shown(500, R"({"error":")" + std::string(4000, 'x') + "\"}").size(), 250u);
    EXPECT_LT(shown(500, R"({"error":")" + std::string(9000, 'x') + "\"}").size(), 250u);
    EXPECT_EQ(describe_failure({FetchError::tls, "cannot send rpa_SECRETKEY\r\n"}, key), "cannot send ***  ");
}

TEST(ClientSettings, AreCheckedAndNeverShown) {
    ClientSettings good;
    good.endpoint_id = "abc123";
    good.api_key = std::string(key);
    EXPECT_TRUE(problems(good).empty());
    const auto count = [&](auto change) {
        auto settings = good;
        change(settings);
        for (const auto& problem : problems(settings)) EXPECT_EQ(problem.find("SECRET"), std::string::npos);
        return problems(settings).size();
    };
    for (const auto* url : {"", "api.runpod.ai", "ftp://x/v2", "https://", "https:///v2", "https://u:p@x/v2",
                            "https://x/v2?a=b", "https://x/v2#a", "https://x/ v2"})
        EXPECT_EQ(count([&](auto& s) { s.base_url = url; }), 1u) << url;
    for (const std::string& id :
         {std::string(), std::string("a/b"), std::string("../x"), std::string(65, 'a')})
        EXPECT_EQ(count([&](auto& s) { s.endpoint_id = id; }), 1u) << id;
    for (const std::string& bad :
         {std::string(), std::string("SECRET\r\nX: y"), std::string("SECRET KEY"), std::string(600, 'S')})
        EXPECT_EQ(count([&](auto& s) { s.api_key = bad; }), 1u) << bad;
    EXPECT_EQ(count([](auto& s) { s.run_timeout = Milliseconds(0); }), 1u);
    EXPECT_EQ(problems(ClientSettings{}).size(), 2u);
}

}  // namespace
}  // namespace darkroom::runpod
