#include "webhooks/callback_hook.h"

#include <chrono>
#include <thread>

#include "runpod/protocol/base64.h"
#include "webhooks/webhooks_fixture.h"

namespace darkroom::webhooks::testing {
namespace {

constexpr std::string_view ok = R"({"ok":true})";

class CallbackHook : public WebhooksTest {
protected:
    CallbackHook() {
        callback.job_id = "job-1";
        callback.attempt = attempt_number(1);
        callback.attempt_token = token(1);
        callback.remote_id = runpod::RemoteJobId::parse("abc-u1").value();
        callback.worker_id = "worker-1";
        callback.failure = runpod::WorkFailure{"backend_failed", "out of memory"};
        body = runpod::write_work_callback(callback);
    }
    runpod::StandardHeaders signed_headers(std::string_view text, std::string_view id = "msg_1",
                                           std::string_view secret = new_secret_text) const {
        return runpod::standard_headers(secret_of(secret), id, clock.now(), text);
    }
    static ports::HttpFields fields(const runpod::StandardHeaders& headers) {
        return {{"webhook-id", headers.id},
                {"webhook-timestamp", headers.timestamp},
                {"webhook-signature", headers.signature}};
    }
    Told post(ports::HttpFields headers, const std::string& text) {
        return send("/webhooks/runpod", {}, std::move(headers), text);
    }
    Told post_signed(const std::string& text, std::string_view id = "msg_1") {
        return post(fields(signed_headers(text, id)), text);
    }
    Told post_simply(const std::string& text, std::string_view secret = new_secret_text) {
        return post({{"X-Signature", runpod::x_signature(secret_of(secret), text)}}, text);
    }
    void expect_refused(ports::HttpFields headers, const std::string& text, const std::string& what) {
        const auto told = post(std::move(headers), text);
        EXPECT_EQ(told.status, 401) << what;
        EXPECT_EQ(told.body, "Invalid signature") << what;
        EXPECT_EQ(told.content_type, "text/plain; charset=utf-8") << what;
    }
    /// The headers of msg_1, at this many seconds from now, rightly signed for the body.
    ports::HttpFields signed_at(std::chrono::seconds off) const {
        return fields(runpod::standard_headers(secret_of(new_secret_text), "msg_1", clock.now() + off, body));
    }
    /// The same for a timestamp and an id that no honest sender writes.
    ports::HttpFields signed_as(const std::string& id, const std::string& timestamp) const {
        const auto mac = hmac_sha256(secret_of(new_secret_text).key(), id + "." + timestamp + "." + body);
        return {{"webhook-id", id},
                {"webhook-timestamp", timestamp},
                {"webhook-signature", "v1," + runpod::to_base64(as_text(mac))}};
    }

    runpod::WorkCallback callback;
    std::string body;
};

TEST_F(CallbackHook, KeepsASignedReportWholeAndOnce) {
    const auto told = post_signed(body);
    EXPECT_EQ(told.status, 200);
    EXPECT_EQ(told.content_type, "application/json");
    EXPECT_EQ(told.body, ok);
    ASSERT_EQ(store.inbox.size(), 1u);
    const auto& entry = store.inbox[0];
    EXPECT_EQ(entry.kind, ports::InboxKind::report);
    EXPECT_EQ(entry.attempt, attempt_number(1));
    EXPECT_EQ(entry.remote_id, "abc-u1");
    EXPECT_FALSE(entry.tells_success);
    EXPECT_EQ(entry.body, body);
    EXPECT_EQ(entry.bytes, body.size());
    EXPECT_EQ(entry.digest, sha256(body));
    EXPECT_EQ(entry.once, "msg_1");
    EXPECT_EQ(entry.received_at, clock.now());
}

TEST_F(CallbackHook, TellsSuccessOfAResultAndNotOfADuplicate) {
    callback.failure.reset();
    callback.result.emplace();
    callback.result->files.push_back(
        {"main", "outputs/a/b/main.png", "", "image/png", 7, std::string(64, 'a'), 0, 0});
    EXPECT_EQ(post_signed(runpod::write_work_callback(callback)).body, ok);
    callback.result.emplace();
    callback.result->duplicate = true;
    EXPECT_EQ(post_signed(runpod::write_work_callback(callback), "msg_2").body, ok);
    ASSERT_EQ(store.inbox.size(), 2u);
    EXPECT_TRUE(store.inbox[0].tells_success);
    EXPECT_FALSE(store.inbox[1].tells_success);
}

TEST_F(CallbackHook, BelievesTheSimpleSignatureToo) {
    EXPECT_EQ(post_simply(body).body, ok);
    ASSERT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.inbox[0].once, "sha256." + to_hex(sha256(body)));
    EXPECT_EQ(post_simply(body).body, ok);
    EXPECT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(hooks.count_of(Heard::replayed), 1);
}

TEST_F(CallbackHook, RefusesMissingDoubledAndEmptyHeadersAlike) {
    const auto good = fields(signed_headers(body));
    expect_refused({}, body, "no headers");
    expect_refused({{"X-Forwarded-For", "127.0.0.1"}, {"Authorization", "Bearer x"}}, body, "other headers");
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto one_less = good;
        one_less.erase(one_less.begin() + static_cast<std::ptrdiff_t>(i));
        expect_refused(one_less, body, good[i].first + " is missing");
        one_less.emplace_back("X-Signature", runpod::x_signature(secret_of(new_secret_text), body));
        expect_refused(one_less, body, good[i].first + " is missing beside a simple signature");
        auto twice = good;
        twice.push_back(good[i]);
        expect_refused(twice, body, good[i].first + " twice");
        twice.back().first = "WEBHOOK" + good[i].first.substr(7);
        expect_refused(twice, body, good[i].first + " twice, in other letters");
        auto empty = good;
        empty[i].second.clear();
        expect_refused(empty, body, good[i].first + " is empty");
    }
    const auto simple = runpod::x_signature(secret_of(new_secret_text), body);
    expect_refused({{"X-Signature", simple}, {"x-signature", simple}}, body, "simple twice");
    expect_refused({{"X-Signature", ""}}, body, "simple empty");
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CallbackHook, RefusesEachOddFormOfARightSignature) {
    const auto good = signed_headers(body);
    const auto base64 = good.signature.substr(3);
    const auto raw = runpod::from_base64(base64).value();
    std::string urlsafe = base64;
    for (auto& c : urlsafe) c = c == '+' ? '-' : c == '/' ? '_' : c;
    urlsafe += urlsafe == base64 ? "-" : "";
    std::string many = good.signature;
    for (int i = 0; i < 10'000; ++i) many += " " + good.signature;
    std::string ninth;
    for (int i = 0; i < 8; ++i) ninth += "v2,x ";
    const std::vector<std::string> odd = {"v1,",
                                          "v1",
                                          ",",
                                          "v2," + base64,
                                          "v1a," + base64,
                                          "V1," + base64,
                                          "v1 " + base64,
                                          base64,
                                          "v1," + to_hex(std::vector<std::uint8_t>(raw.begin(), raw.end())),
                                          "v1," + base64.substr(0, base64.size() - 1),
                                          "v1," + urlsafe,
                                          good.signature + " ",
                                          good.signature + "\t",
                                          good.signature + "\r",
                                          " " + good.signature,
                                          "v1,\n" + base64,
                                          "v1," + base64.substr(0, 20) + "\n" + base64.substr(20),
                                          "v1," + runpod::to_base64(raw.substr(0, 31)),
                                          "v1," + runpod::to_base64(raw + "x"),
                                          "v1," + runpod::to_base64(""),
                                          many,
                                          std::string(1u << 20, 'v'),
                                          ninth + good.signature,
                                          std::string("v1,\0", 4) + base64};
    for (const auto& signature : odd) {
        auto headers = good;
        headers.signature = signature;
        expect_refused(fields(headers), body, signature.substr(0, 80));
    }
    const auto simple = runpod::x_signature(secret_of(new_secret_text), body);
    for (const auto& one :
         {simple + " ", " " + simple, simple + "\n", "v1," + simple, "sha256=" + simple,
          simple.substr(0, simple.size() - 1), runpod::to_base64(raw.substr(1)), std::string(1u << 20, 'A')})
        expect_refused({{"X-Signature", one}}, body, "simple " + one.substr(0, 80));
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CallbackHook, FindsTheRightSignatureAmongEight) {
    const auto good = signed_headers(body);
    const auto wrong = "v1," + runpod::to_base64(std::string(32, 'x'));
    auto second = good;
    second.signature = wrong + " " + good.signature;
    EXPECT_EQ(post(fields(second), body).body, ok);
    auto eighth = signed_headers(body, "msg_2");
    for (int i = 0; i < 7; ++i) eighth.signature.insert(0, wrong + " ");
    EXPECT_EQ(post(fields(eighth), body).body, ok);
    EXPECT_EQ(store.inbox.size(), 2u);
}

TEST_F(CallbackHook, RefusesAnyOtherBodyThanTheOneThatWasSigned) {
    auto changed = body;
    changed[changed.size() / 2] ^= 1;
    std::string utf16;
    for (const char c : body) utf16 += {c, '\0'};
    const std::string pretty = "{\n  " + body.substr(1);
    for (const auto& other : {changed, pretty, body + "\n", " " + body, utf16, std::string(),
                              std::string("\x1f\x8b\x08", 3), body.substr(1), body.substr(0, 1)}) {
        expect_refused(fields(signed_headers(body)), other, other.substr(0, 40));
        expect_refused({{"X-Signature", runpod::x_signature(secret_of(new_secret_text), body)}}, other,
                       "simple " + other.substr(0, 40));
    }
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CallbackHook, BelievesAClockThatIsFiveMinutesOffAndNoMore) {
    using std::chrono::seconds;
    expect_refused(signed_at(seconds(-301)), body, "301 s ago");
    expect_refused(signed_at(seconds(301)), body, "in 301 s");
    expect_refused(signed_at(seconds(-360)), body, "6 min ago");
    EXPECT_EQ(hooks.count_of(Heard::stale_signature), 3);
    EXPECT_EQ(store.touches, 0);
    for (const int off : {-299, -240, 240, 299})
        EXPECT_EQ(post(signed_at(seconds(off)), body).body, ok) << off;
}

TEST_F(CallbackHook, RefusesOddTimestampsAndIdsEvenIfTheyAreSigned) {
    const auto now = std::to_string(to_unix_ms(clock.now()) / 1'000);
    for (const auto& timestamp :
         {std::string("1e9"), " " + now, "+" + now, now + ".0", "0x" + now, now + now, "-" + now,
          std::string(), now + "000", now + " ", "0" + now, std::string(20, '9')})
        expect_refused(signed_as("msg_1", timestamp), body, timestamp);
    for (const auto& id : {std::string("a.b"), std::string(300, 'i'), std::string("a\0b", 3),
                           std::string("a b"), std::string("\xc3\xa4")})
        expect_refused(signed_as(id, now), body, id.substr(0, 40));
    // id "a.b" at t is not "a" at "b.t", though the signed text is the same.
    expect_refused(signed_as("a", "b." + now), body, "moved");
    EXPECT_EQ(post(signed_as("a", now), body).body, ok);
}

TEST_F(CallbackHook, BelievesBothSecretsDuringARotationAndNoOther) {
    EXPECT_EQ(post(fields(signed_headers(body, "msg_new", new_secret_text)), body).body, ok);
    EXPECT_EQ(post(fields(signed_headers(body, "msg_old", old_secret_text)), body).body, ok);
    expect_refused(fields(signed_headers(body, "msg_other", "the secret of another endpoint")), body,
                   "other");

    Webhooks after(store, clock, {attempt_secret, {secret_of(new_secret_text)}});
    EXPECT_EQ(
        send_to(after, "/webhooks/runpod", {}, fields(signed_headers(body, "msg_3", old_secret_text)), body)
            .status,
        401);
    EXPECT_EQ(send_to(after, "/webhooks/runpod", {}, fields(signed_headers(body, "msg_4")), body).status,
              200);
    EXPECT_EQ(store.inbox.size(), 3u);
}

TEST_F(CallbackHook, BelievesNobodyWithoutASecret) {
    Webhooks open(store, clock, {attempt_secret, {}});
    const auto told = send_to(open, "/webhooks/runpod", {}, fields(signed_headers(body)), body);
    EXPECT_EQ(told.status, 401);
    EXPECT_EQ(told.body, "Invalid signature");
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CallbackHook, ReadsJsonOnlyBehindARightSignature) {
    callback.attempt_token = "forged";
    const std::vector<std::string> bodies = {"",
                                             "{",
                                             "null",
                                             "[]",
                                             "\xff\xfe",
                                             std::string(5'000, '['),
                                             R"({"job_id":"a"})",
                                             body.substr(0, body.size() - 1),
                                             body + body,
                                             std::string(1u << 20, ' ')};
    for (const auto& one : bodies) {
        const auto told = post_signed(one, "msg_x");
        EXPECT_EQ(told.status, 400) << one.substr(0, 40);
        EXPECT_EQ(told.content_type, "application/problem+json");
        expect_refused(fields(signed_headers(one + " ")), one, one.substr(0, 40));
    }
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CallbackHook, TakesTheBodiesOfWorkersAndNoneThatIsLarger) {
    callback.failure->message = std::string(3'000, 'm');
    const auto text = runpod::write_work_callback(callback);
    const auto padded = text + std::string(callback_body_bytes_max - text.size(), ' ');
    EXPECT_EQ(post_signed(padded).body, ok);
    EXPECT_EQ(post_signed(padded + " ", "msg_2").status, 413);
    ASSERT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.inbox[0].body, padded);
}

TEST_F(CallbackHook, LetsNobodySpeakForAnotherAttempt) {
    int messages = 0;
    const auto status_of = [this, &messages] {
        return post_signed(runpod::write_work_callback(callback), "msg_" + std::to_string(++messages)).status;
    };
    callback.attempt = attempt_number(2);
    EXPECT_EQ(status_of(), 404);  // the token is the first attempt's
    callback.attempt_token = core::attempt_token(attempt_number(2), "another secret");
    EXPECT_EQ(status_of(), 404);
    EXPECT_EQ(store.touches, 0);
    callback.attempt_token.clear();
    store.attempt_of["abc-u1"] = attempt_number(1);
    EXPECT_EQ(status_of(), 404);  // the remote job is the first attempt's
    EXPECT_EQ(store.inbox.size(), 0u);
    callback.attempt = attempt_number(1);
    EXPECT_EQ(status_of(), 200);
    EXPECT_EQ(store.inbox.size(), 1u);
}

TEST_F(CallbackHook, FindsTheAttemptByTheRemoteJobWhereThePayloadHadNoToken) {
    callback.attempt.reset();
    callback.attempt_token.clear();
    const auto text = runpod::write_work_callback(callback);
    EXPECT_EQ(post_signed(text).body, ok);
    EXPECT_EQ(store.inbox.size(), 0u);
    store.attempt_of["abc-u1"] = attempt_number(3);
    EXPECT_EQ(post_signed(text).body, ok);
    ASSERT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.inbox[0].attempt, attempt_number(3));
    EXPECT_EQ(store.inbox[0].kind, ports::InboxKind::report);
}

TEST_F(CallbackHook, AnswersAReplayWithoutEffectWhateverItsBodySays) {
    EXPECT_EQ(post_signed(body).body, ok);
    EXPECT_EQ(post_signed(body).body, ok);
    callback.failure->message = "another";
    EXPECT_EQ(post_signed(runpod::write_work_callback(callback)).body, ok);
    EXPECT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(hooks.count_of(Heard::report), 1);
    EXPECT_EQ(hooks.count_of(Heard::replayed), 2);
}

TEST_F(CallbackHook, KeepsOneOfAThousandCopies) {
    std::vector<std::thread> senders;
    senders.reserve(4);
    std::atomic<int> accepted_count{0};
    const auto headers = fields(signed_headers(body));
    const auto routes = hooks.routes();
    for (int i = 0; i < 4; ++i) {
        senders.emplace_back([&] {
            for (int copy = 0; copy < 250; ++copy) {
                ports::HttpRequest request;
                request.headers = headers;
                request.body = body;
                for (const auto& route : routes)
                    if (route.pattern == "/webhooks/runpod" && route.handle(request).status == 200)
                        ++accepted_count;
            }
        });
    }
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(accepted_count, 1'000);
    EXPECT_EQ(store.inbox.size(), 1u);
}

TEST_F(CallbackHook, AsksToComeAgainIfTheBodyCannotBeReadFromTheDisk) {
    ports::HttpRequest request;
    request.headers = fields(signed_headers(body));
    request.spooled.emplace(folder.path() / "gone", body.size());
    const auto routes = hooks.routes();
    EXPECT_EQ(routes.at(1).pattern, "/webhooks/runpod");
    EXPECT_EQ(routes.at(1).handle(request).status, 503);
    EXPECT_EQ(store.touches, 0);
}

TEST_F(CallbackHook, AsksToComeAgainWhileTheStoreIsDownAndThenTakesTheSameMessage) {
    store.down = true;
    EXPECT_EQ(post_signed(body).status, 503);
    store.down = false;
    EXPECT_EQ(post_signed(body).status, 200);
    EXPECT_EQ(store.inbox.size(), 1u);
}

}  // namespace
}  // namespace darkroom::webhooks::testing
