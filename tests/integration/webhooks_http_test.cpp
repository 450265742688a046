// Webhooks over real sockets: large bodies are answered with flat memory, and nobody without a token makes
// the server take one.
#include <fstream>

#include "http/testing/test_server.h"
#include "webhooks/webhooks_fixture.h"

namespace darkroom::webhooks::testing {
namespace {

using http::testing::RawClient;
using http::testing::TestServer;

constexpr std::size_t megabyte = 1'000'000;

/// Of this process, since the last reset.
std::int64_t peak_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::int64_t kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib * 1'024;
    }
    return -1;
}
/// False where the kernel does not let us.
bool reset_peak() { return static_cast<bool>(std::ofstream("/proc/self/clear_refs") << "5" << std::flush); }

class WebhooksOverHttp : public ::testing::Test {
protected:
    static std::string token() { return core::attempt_token(attempt_number(1), attempt_secret); }
    static std::string head(const std::string& target, std::uint64_t bytes, const std::string& extra = "") {
        return "POST " + target + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(bytes) +
               "\r\n" + extra + "\r\n";
    }
    /// What RunPod sends for a job whose input was this large; never in memory as a whole.
    static bool send_large(RawClient& client, const std::string& target, std::size_t input_bytes) {
        const std::string begin = R"({"input":{"image":")";
        const std::string end = R"("},"id":"abc-u1","status":"COMPLETED"})";
        if (!client.send(head(target, begin.size() + input_bytes + end.size()) + begin)) return false;
        const std::string piece(64'000, 'A');
        for (std::size_t left = input_bytes; left > 0;) {
            const auto bytes = std::min(left, piece.size());
            if (!client.send(std::string_view(piece).substr(0, bytes))) return false;
            left -= bytes;
        }
        return client.send(end);
    }

    darkroom::testing::ManualClock clock;
    InboxStore store;
    Webhooks hooks{store, clock, {attempt_secret, {secret_of(new_secret_text)}}};
    TestServer server{hooks.routes()};
    const std::string address = "/webhooks/runpod-completion?token=" + token();
};

TEST_F(WebhooksOverHttp, AnswerABodyOf20MegabytesWithFlatMemory) {
    RawClient client(server.port());
    ASSERT_TRUE(send_large(client, address, megabyte));  // what everybody needs once
    ASSERT_EQ(client.read_answer().value().status, 200);
    const bool measured = reset_peak();
    const auto before = peak_bytes();
    ASSERT_TRUE(send_large(client, address, 20 * megabyte));
    EXPECT_EQ(client.read_answer().value().body, R"({"ok":true})");
    EXPECT_TRUE(!measured || peak_bytes() - before < 8 << 20) << peak_bytes() - before;
    ASSERT_EQ(store.inbox.size(), 2u);
    EXPECT_EQ(store.inbox[1].remote_id, "abc-u1");
    EXPECT_GT(store.inbox[1].bytes, 20 * megabyte);
    EXPECT_EQ(store.inbox[1].body.size(), hint_bytes_kept);
    EXPECT_EQ(server.spooled_files(), 0u);
}

TEST_F(WebhooksOverHttp, AnswerABodyBeyondTheLimitBeforeItHasCome) {
    RawClient client(server.port());
    ASSERT_TRUE(client.send(head(address, 60 * megabyte) + R"({"id":"abc-u1",)"));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    ASSERT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.inbox[0].bytes, 60 * megabyte);
    EXPECT_EQ(store.inbox[0].remote_id, "");
    EXPECT_EQ(server.spooled_files(), 0u);
}

TEST_F(WebhooksOverHttp, RefuseAForgedTokenBeforeTheBody) {
    RawClient client(server.port());
    ASSERT_TRUE(client.send(head("/webhooks/runpod-completion?token=forged", 20 * megabyte)));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 404);
    EXPECT_EQ(server.spooled_files(), 0u);
    EXPECT_EQ(store.touches, 0);
}

TEST_F(WebhooksOverHttp, DoNotDecodeACompressedBody) {
    const std::string gzip(
        "\037\213\010\000\000\000\000\000\002\003\253\126\312\114\121\262\122\112\114\112\326\055\065\124\322"
        "\121\052\056\111\054\051\055\006\212\070\373\373\006\370\270\206\270\272\050\325\002\000\164\111\354"
        "\157\044\000\000\000",
        55);  // of {"id":"abc-u1","status":"COMPLETED"}
    RawClient client(server.port());
    ASSERT_TRUE(client.send(head(address, gzip.size(), "Content-Encoding: gzip\r\n") + gzip));
    EXPECT_EQ(client.read_answer().value().status, 200);
    ASSERT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.inbox[0].remote_id, "");
    EXPECT_EQ(store.inbox[0].body, gzip);
}

TEST_F(WebhooksOverHttp, KeepTheConnectionOfASenderWithManyAndTakeAnyContentType) {
    RawClient client(server.port());
    const std::string body = R"({"id":"abc-u1","status":"COMPLETED"})";
    for (const std::string type : {"application/json", "application/json; charset=utf-16", "text/plain",
                                   "multipart/form-data; boundary=x"}) {
        std::string fields = "X-Forwarded-For: 10.0.0.1\r\nContent-Type: ";
        fields.append(type).append("\r\n");
        ASSERT_TRUE(client.send(head(address, body.size(), fields) + body));
        ASSERT_EQ(client.read_answer().value().status, 200) << type;
    }
    ASSERT_TRUE(client.send(head(address, 0)));  // empty, and so a hint without a name
    ASSERT_EQ(client.read_answer().value().status, 200);
    ASSERT_TRUE(client.send(head(address, body.size(), "Expect: 100-continue\r\n")));
    ASSERT_TRUE(client.read_past("100 Continue\r\n\r\n"));
    ASSERT_TRUE(client.send(body));
    EXPECT_EQ(client.read_answer().value().status, 200);
    EXPECT_EQ(store.inbox.size(), 6u);
}

TEST_F(WebhooksOverHttp, TakeNoOtherMethodAndNoChunks) {
    for (const std::string path :
         {"/webhooks/runpod-completion", "/api/webhooks/runpod", "/api/v1/webhooks/runpod/claims"}) {
        RawClient client(server.port());
        ASSERT_TRUE(client.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n"));
        const auto answer = client.read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 405);
        EXPECT_NE(answer->header("Allow").find("POST"), std::string::npos);
    }
    RawClient client(server.port());
    ASSERT_TRUE(client.send("POST " + address +
                            " HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "0\r\n\r\n"));
    EXPECT_EQ(client.read_answer().value().status, 411);
    EXPECT_EQ(store.touches, 0);
}

TEST_F(WebhooksOverHttp, AnswerASignedCallbackAndAClaim) {
    runpod::WorkCallback callback;
    callback.job_id = "job-1";
    callback.attempt_token = token();
    callback.remote_id = runpod::RemoteJobId::parse("abc-u1").value();
    callback.worker_id = "worker-1";
    callback.failure = runpod::WorkFailure{"internal", ""};
    const auto body = runpod::write_work_callback(callback);
    const auto signature = runpod::x_signature(secret_of(new_secret_text), body);
    RawClient client(server.port());
    ASSERT_TRUE(client.send(
        head("/api/v1/webhooks/runpod", body.size(), "x-signature:  " + signature + " \r\n") + body));
    EXPECT_EQ(client.read_answer().value().body, R"({"ok":true})");
    ASSERT_TRUE(client.send(head("/api/v1/webhooks/runpod", body.size(),
                                 "X-Signature: " + signature + "\r\nX-Signature: " + signature + "\r\n") +
                            body));
    EXPECT_EQ(client.read_answer().value().body, "Invalid signature");
    const auto claim = runpod::write_work_claim({token(), callback.remote_id, "worker-1"});
    ASSERT_TRUE(client.send(head("/api/webhooks/runpod/claims", claim.size()) + claim));
    EXPECT_EQ(client.read_answer().value().body, R"({"ok":true})");
    EXPECT_EQ(store.inbox.size(), 1u);
    EXPECT_EQ(store.claims.size(), 1u);
}

TEST_F(WebhooksOverHttp, KeepNothingOfABodyThatIsCutOff) {
    {
        RawClient client(server.port());
        ASSERT_TRUE(client.send(head(address, 100) + R"({"id":"abc-u1","status":"COMPLETED"})"));
        client.half_close();
        (void)client.read_to_end();
    }
    EXPECT_TRUE(http::testing::eventually([this] { return server.spooled_files() == 0; }));
    EXPECT_EQ(store.touches, 0);
}

}  // namespace
}  // namespace darkroom::webhooks::testing
