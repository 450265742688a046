#include "webhooks/completion_hook.h"

#include "runpod/protocol/job_object.h"
#include "webhooks/webhooks_fixture.h"

namespace darkroom::webhooks::testing {
namespace {

constexpr std::string_view ok = R"({"ok":true})";
const std::string completed = R"({"id":"abc-u1","status":"COMPLETED","input":{"a":1},"output":{"files":[]}})";

using CompletionHook = WebhooksTest;

TEST_F(CompletionHook, KeepsWhatComesWithTheTokenOfAnAttemptAsAHint) {
    const auto told = complete(token(1), completed);
    EXPECT_EQ(told.status, 200);
    EXPECT_EQ(told.content_type, "application/json");
    EXPECT_EQ(told.body, ok);
    ASSERT_EQ(store.inbox.size(), 1u);
    const auto& entry = store.inbox.front();
    EXPECT_EQ(entry.kind, ports::InboxKind::hint);
    EXPECT_EQ(entry.attempt, attempt_number(1));
    EXPECT_EQ(entry.remote_id, "abc-u1");
    EXPECT_TRUE(entry.tells_success);
    EXPECT_EQ(entry.body, completed);
    EXPECT_EQ(entry.bytes, completed.size());
    EXPECT_EQ(entry.digest, sha256(completed));
    EXPECT_EQ(entry.once, "");
    EXPECT_EQ(entry.received_at, clock.now());
}

TEST_F(CompletionHook, TakesOnlyCompletedForASuccess) {
    for (const std::string status :
         {"FAILED", "TIMED_OUT", "CANCELLED", "IN_PROGRESS", "completed", "SOON"}) {
        EXPECT_EQ(complete(token(1), R"({"id":"abc-u1","status":")" + status + "\"}").status, 200);
        EXPECT_FALSE(store.inbox.back().tells_success) << status;
        EXPECT_EQ(store.inbox.back().remote_id, "abc-u1");
    }
}

TEST_F(CompletionHook, AnswersTheSameUnderEachPrefix) {
    for (const std::string base : {"", "/api", "/api/v1"}) {
        const auto path = base + "/webhooks/runpod-completion";
        EXPECT_EQ(send(path, {{"token", token(1)}}, {}, completed).body, ok);
        EXPECT_EQ(send(path, {{"token", "forged"}}, {}, completed).status, 404);
    }
    EXPECT_EQ(store.inbox.size(), 3u);
}

TEST_F(CompletionHook, AnswersEachForgedTokenAlikeWithoutATouchOfTheStore) {
    std::vector<std::string> forged = {"",
                                       "x",
                                       "..",
                                       std::string(54, 'A'),
                                       std::string(4096, 'A'),
                                       token(1) + "A",
                                       token(1) + "=",
                                       token(1).substr(1),
                                       " " + token(1),
                                       core::attempt_token(attempt_number(1), "another secret"),
                                       attempt_number(1).str(),
                                       std::string("\0", 1)};
    const std::string right = token(1);
    for (std::size_t i = 0; i < right.size(); ++i) {
        forged.push_back(right);
        forged.back()[i] = right[i] == 'B' ? 'C' : 'B';
    }
    const auto first = complete("forged", completed);
    EXPECT_EQ(first.status, 404);
    for (const auto& one : forged) {
        const auto told = complete(one, completed);
        EXPECT_EQ(told.status, 404) << one;
        EXPECT_EQ(told.body, first.body);
        EXPECT_EQ(told.content_type, first.content_type);
    }
    EXPECT_EQ(store.touches, 0);
    EXPECT_EQ(hooks.count_of(Heard::forged_token), static_cast<std::int64_t>(forged.size()) + 1);
}

TEST_F(CompletionHook, RefusesARequestWithTwoTokens) {
    EXPECT_EQ(
        send("/webhooks/runpod-completion", {{"token", token(1)}, {"token", token(2)}}, {}, completed).status,
        404);
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CompletionHook, TouchesNoStoreUnderAFloodOfForgedTokens) {
    for (int i = 0; i < 5'000; ++i) {
        auto forged = token(1);
        forged.replace(0, 4, std::to_string(1'000 + i));
        ASSERT_EQ(complete(forged, "").status, 404);
    }
    EXPECT_EQ(store.touches, 0);
    EXPECT_EQ(hooks.count_of(Heard::forged_token), 5'000);
    EXPECT_EQ(complete(token(1), completed).status, 200);
}

TEST_F(CompletionHook, KeepsAHintWithoutANameForABodyThatSaysNothing) {
    std::string utf16;
    for (const char c : completed) utf16 += {c, '\0'};
    const std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56\xca", 13);
    const std::vector<std::string> bodies = {
        "",
        " ",
        "{",
        "{}",
        "null",
        "[]",
        "\"COMPLETED\"",
        "<html></html>",
        utf16,
        gzip,
        completed.substr(0, completed.size() - 1),
        completed + "x",
        completed + completed,
        std::string(1'000, '\0'),
        "\xef\xbb\xbf" + completed,
        R"({"status":"COMPLETED"})",
        R"({"id":"abc-u1"})",
        R"({"id":"","status":"COMPLETED"})",
        R"({"id":7,"status":"COMPLETED"})",
        R"({"id":"../../run","status":"COMPLETED"})",
        R"({"id":"a\u0000b","status":"COMPLETED"})",
        R"({"id":"a","id":"b","status":"COMPLETED"})",
        R"({"id":")" + std::string(10'240, 'a') + R"(","status":"COMPLETED"})",
        R"({"id":"abc-u1","status":"COMPLETED","input":)" + std::string(100'000, '[') + "}"};
    for (const auto& body : bodies) {
        const auto told = complete(token(1), body);
        EXPECT_EQ(told.status, 200) << body.substr(0, 80);
        EXPECT_EQ(told.body, ok);
        const auto& entry = store.inbox.back();
        EXPECT_EQ(entry.attempt, attempt_number(1));
        EXPECT_EQ(entry.remote_id, "") << body.substr(0, 80);
        EXPECT_FALSE(entry.tells_success);
        EXPECT_EQ(entry.body, body.substr(0, hint_bytes_kept));
        EXPECT_EQ(entry.bytes, body.size());
        EXPECT_EQ(entry.digest, sha256(body));
    }
    EXPECT_EQ(store.inbox.size(), bodies.size());
    EXPECT_EQ(hooks.count_of(Heard::unreadable), static_cast<std::int64_t>(bodies.size()));
}

TEST_F(CompletionHook, NamesTheJobOfABodyOf20MegabytesAndKeepsItsBeginning) {
    const std::string image(std::size_t{20} * 1'000'000, 'A');
    const auto body = R"({"input":{"image":")" + image + R"("},"id":"abc-u1","status":"COMPLETED"})";
    EXPECT_EQ(complete(token(1), body).body, ok);
    const auto& entry = store.inbox.at(0);
    EXPECT_EQ(entry.remote_id, "abc-u1");
    EXPECT_TRUE(entry.tells_success);
    EXPECT_EQ(entry.body, body.substr(0, hint_bytes_kept));
    EXPECT_EQ(entry.bytes, body.size());
    EXPECT_EQ(entry.digest, sha256(body));
}

TEST_F(CompletionHook, TellsOnlyThatThereWasABodyBeyondTheLimit) {
    const auto limit = runpod::webhook_limits.body_bytes_max;
    auto body = completed + std::string(limit - completed.size(), ' ');
    EXPECT_EQ(complete(token(1), body).status, 200);
    EXPECT_EQ(store.inbox.at(0).remote_id, "abc-u1");

    body.push_back(' ');
    EXPECT_EQ(complete(token(1), body).body, ok);
    const auto& entry = store.inbox.at(1);
    EXPECT_EQ(entry.attempt, attempt_number(1));
    EXPECT_EQ(entry.remote_id, "");
    EXPECT_EQ(entry.body, "");
    EXPECT_EQ(entry.bytes, body.size());
    EXPECT_EQ(hooks.count_of(Heard::too_large), 1);
}

TEST_F(CompletionHook, BelievesNoNameInABodyWhoseFileIsDamaged) {
    for (const bool there : {true, false}) {
        const auto path = folder.path() / "short";
        if (there) std::ofstream(path, std::ios::binary) << completed;
        ports::HttpRequest request;
        request.query = {{"token", token(1)}};
        request.spooled.emplace(path, completed.size() + 1);
        EXPECT_EQ(hooks.routes().front().handle(request).status, 200);
        EXPECT_EQ(store.inbox.back().remote_id, "") << there;
    }
    EXPECT_EQ(store.inbox.size(), 2u);
}

TEST_F(CompletionHook, LeavesAJobOfAnotherAttemptAndOddFileNamesToWhoConfirms) {
    store.attempt_of["of-two"] = attempt_number(2);
    const std::string body =
        R"({"id":"of-two","status":"COMPLETED","output":{"files":[{"role":"main","key":"../../etc/passwd"},)"
        R"({"role":"main","path":"/runpod-volume/../../x"}]}})";
    EXPECT_EQ(complete(token(1), body).status, 200);
    ASSERT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.inbox[0].kind, ports::InboxKind::hint);
    EXPECT_EQ(store.inbox[0].attempt, attempt_number(1));
    EXPECT_EQ(store.inbox[0].remote_id, "of-two");
    EXPECT_EQ(store.inbox[0].body, body);
}

TEST_F(CompletionHook, KeepsNothingWithoutATokenUnlessTheJobIsKnown) {
    EXPECT_EQ(send("/webhooks/runpod-completion", {}, {}, completed).body, ok);
    EXPECT_EQ(send("/webhooks/runpod-completion", {}, {}, "{").body, ok);
    EXPECT_EQ(store.inbox.size(), 0u);
    EXPECT_EQ(store.touches, 1);  // the look for the id; a body without one costs none

    store.attempt_of["abc-u1"] = attempt_number(1);
    EXPECT_EQ(send("/webhooks/runpod-completion", {}, {}, completed).body, ok);
    ASSERT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.inbox[0].kind, ports::InboxKind::hint);
    EXPECT_EQ(store.inbox[0].attempt, attempt_number(1));
    EXPECT_EQ(store.inbox[0].remote_id, "abc-u1");
}

TEST_F(CompletionHook, KeepsOneOfEachKindOfEndFromSendersWithoutAToken) {
    store.attempt_of["abc-u1"] = attempt_number(1);
    for (int i = 0; i < 100; ++i) {
        const auto number = std::to_string(i);
        for (const std::string status : {"FAILED", "COMPLETED", "CANCELLED"}) {
            std::string body = R"({"id":"abc-u1","status":")";
            body.append(status).append(R"(","n":)").append(number).append("}");
            EXPECT_EQ(send("/webhooks/runpod-completion", {}, {}, body).body, ok);
        }
    }
    ASSERT_EQ(store.inbox.size(), 2u);
    EXPECT_FALSE(store.inbox[0].tells_success);
    EXPECT_TRUE(store.inbox[1].tells_success);
}

TEST_F(CompletionHook, DoesNotTakeLargeBodiesFromSendersWithoutAToken) {
    store.attempt_of["abc-u1"] = attempt_number(1);
    const auto body = completed + std::string(untold_body_bytes_max, ' ');
    EXPECT_EQ(send("/webhooks/runpod-completion", {}, {}, body).body, ok);
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CompletionHook, AsksToComeAgainWhileTheStoreIsDown) {
    store.down = true;
    EXPECT_EQ(complete(token(1), completed).status, 503);
    EXPECT_EQ(complete(token(1), "").status, 503);
    EXPECT_EQ(complete(token(1), std::string(runpod::webhook_limits.body_bytes_max + 1, ' ')).status, 503);
    EXPECT_EQ(send("/webhooks/runpod-completion", {}, {}, completed).status, 503);
    EXPECT_EQ(complete("forged", completed).status, 404);
}

}  // namespace
}  // namespace darkroom::webhooks::testing
