#include "runpod/protocol/callback_signature.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "runpod/protocol/base64.h"

namespace darkroom::runpod {
namespace {

using std::chrono::seconds;

constexpr std::string_view body = R"({"status":"COMPLETED","n":3})";
constexpr std::string_view id = "evt_1";
const TimePoint now = from_unix_ms(1'700'000'000'000);

CallbackSecret secret(std::string_view text = "whsec_ZGFya3Jvb20tdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OWE=") {
    return *CallbackSecret::parse(text);
}

CallbackProof proof_of(const StandardHeaders& headers) {
    CallbackProof proof;
    proof.id = headers.id;
    proof.timestamp = headers.timestamp;
    proof.signature = headers.signature;
    return proof;
}

CallbackProof good_proof(TimePoint at = now) { return proof_of(standard_headers(secret(), id, at, body)); }

// Nothing, or why it was refused.
std::optional<SignatureError> refusal(const CallbackProof& proof, std::string_view text = body) {
    const auto verified = verify_callback({secret()}, proof, text, now);
    if (verified) return std::nullopt;
    return verified.error();
}

TEST(CallbackSignature, IsTheOneOfThePublicVectors) {
    const auto spec =
        standard_headers(secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek",
                         from_unix_ms(1'614'265'330'000), R"({"test": 2432232314})");
    EXPECT_EQ(spec.timestamp, "1614265330");
    EXPECT_EQ(spec.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    const auto ours = standard_headers(
        secret(), "evt_01JGJ0000000000000000000BB", from_unix_ms(1'767'323'045'678),
        R"({"type":"job.succeeded","timestamp":"2026-01-02T03:04:05.678Z","data":{"id":"job_01JGJ0000000000000000000AA","status":"succeeded"}})");
    EXPECT_EQ(ours.signature, "v1,7ngUS26Ih4RHOWlhTd0kruyI+ELySbxLy5sD1JtR3Qs=");
    EXPECT_EQ(x_signature(secret("a shared secret of 28 bytes."), R"({"ok":true})"),
              "yervxLtnVIUDBHZdH+2VI65MjuHEMmWCC0W5+4m3aOk=");
}

TEST(CallbackSignature, OfTheRightSenderIsAccepted) {
    const auto verified = verify_callback({secret()}, good_proof(), body, now);
    ASSERT_TRUE(verified.ok());
    EXPECT_EQ(verified->id, id);
    EXPECT_EQ(verified->secret, 0u);
    CallbackProof simple;
    simple.x_signature = x_signature(secret(), body);
    const auto plain = verify_callback({secret()}, simple, body, now);
    ASSERT_TRUE(plain.ok());
    EXPECT_FALSE(plain->id);
}

TEST(CallbackSignature, HoldsForTheseBytesOnly) {
    CallbackProof simple;
    simple.x_signature = x_signature(secret(), body);
    for (const std::string& text : {std::string(), std::string(body) + "\n", " " + std::string(body),
                                    std::string(R"({ "status": "COMPLETED", "n": 3 })"),
                                    std::string(R"({"status":"COMPLETED","n":1})")}) {
        EXPECT_EQ(refusal(good_proof(), text), SignatureError::wrong) << text;
        EXPECT_EQ(refusal(simple, text), SignatureError::wrong) << text;
    }
    // An empty body can be signed; what it means is somebody else's business.
    EXPECT_EQ(refusal(proof_of(standard_headers(secret(), id, now, "")), ""), std::nullopt);
}

TEST(CallbackSignature, NeedsEveryHeaderOfItsFormOnce) {
    EXPECT_EQ(refusal({}), SignatureError::missing);
    for (auto member : {&CallbackProof::id, &CallbackProof::timestamp, &CallbackProof::signature}) {
        auto proof = good_proof();
        proof.*member = std::nullopt;
        EXPECT_EQ(refusal(proof), SignatureError::missing);
        proof.x_signature = x_signature(secret(), body);
        EXPECT_EQ(refusal(proof), SignatureError::missing)
            << "the weaker form does not stand in for the stronger";
        proof.*member = "";
        EXPECT_EQ(refusal(proof), SignatureError::malformed);
    }
    auto wrong = good_proof();
    wrong.signature = "v1," + to_base64(std::string(32, 'x'));
    wrong.x_signature = x_signature(secret(), body);
    EXPECT_EQ(refusal(wrong), SignatureError::wrong);
    auto twice = good_proof();
    twice.repeated = true;
    EXPECT_EQ(refusal(twice), SignatureError::malformed);
}

TEST(CallbackSignature, IsReadStrictly) {
    const auto good = *good_proof().signature;
    const auto base64 = good.substr(3);
    const auto digest = *from_base64(base64);
    auto url_alphabet = base64;
    for (char& c : url_alphabet) c = c == '+' ? '-' : c == '/' ? '_' : c;
    ASSERT_NE(url_alphabet, base64) << "choose a body whose signature holds + or /";
    const std::vector<std::string> refused = {
        "",
        "v1",
        "v1,",
        ",",
        " ",
        "v2," + base64,
        "v1a," + base64,
        "V1," + base64,
        "v1 ," + base64,
        base64,
        "v1," + to_hex({reinterpret_cast<const std::uint8_t*>(digest.data()), digest.size()}),
        "v1," + base64.substr(0, 43),
        "v1," + base64 + "=",
        "v1," + url_alphabet,
        good + " ",
        " " + good,
        good + "\t",
        good + "\r",
        good.substr(0, 20) + "\n" + good.substr(20),
        good + "  " + good,
        "v1," + to_base64(digest.substr(0, 31)),
        "v1," + to_base64(digest + "x"),
        "v1," + to_base64(""),
        good + std::string("\0", 1),
        std::string(1u << 20, 'v')};
    for (const auto& header : refused) {
        auto proof = good_proof();
        proof.signature = header;
        EXPECT_NE(refusal(proof), std::nullopt) << header.substr(0, 80);
    }
    for (const auto& header :
         {std::string(), std::string("x"), base64.substr(0, 43), base64 + " ", "sha256=" + base64,
          to_base64(digest.substr(0, 31)), std::string(10'000, 'A')}) {
        CallbackProof proof;
        proof.x_signature = header;
        EXPECT_EQ(refusal(proof), SignatureError::malformed) << header.substr(0, 80);
    }
}

TEST(CallbackSignature, MayStandAmongEight) {
    const auto good = *good_proof().signature;
    const auto other = "v1," + to_base64(std::string(32, 'x'));
    const auto list = [&](int before) {
        std::string header;
        for (int i = 0; i < before; ++i) header += other + " ";
        return header + good;
    };
    auto proof = good_proof();
    for (const int before : {0, 1, 7}) {
        proof.signature = list(before);
        EXPECT_EQ(refusal(proof), std::nullopt) << before;
    }
    for (const int before : {8, 100, 10'000}) {
        proof.signature = list(before);
        EXPECT_EQ(refusal(proof), SignatureError::malformed) << before;
    }
    proof.signature = "v1a,abc v2,def " + good;
    EXPECT_EQ(refusal(proof), std::nullopt) << "other versions may stand beside it";
}

TEST(CallbackSignature, IsFreshWithinFiveMinutesBothWays) {
    for (const int offset : {-299, -300, 0, 299, 300})
        EXPECT_EQ(refusal(good_proof(now + seconds(offset))), std::nullopt) << offset;
    for (const int offset : {-301, 301, -100'000, 1'000'000})
        EXPECT_EQ(refusal(good_proof(now + seconds(offset))), SignatureError::stale) << offset;
}

TEST(CallbackSignature, TakesWholeSecondsOnly) {
    for (const std::string& text :
         {std::string("1e9"), std::string(" 1700000000"), std::string("+1700000000"),
          std::string("1700000000.0"), std::string("0x6553f100"), std::string("-1700000000"),
          std::string("17000000000000000000"), std::string("1700000000000"), std::string("01700000000"),
          std::string("1700000000 "), std::string("0"), std::string("1700000000\0", 11)}) {
        // Correctly signed, so that nothing but the form of the time can be the reason.
        CallbackProof proof;
        proof.id = std::string(id);
        proof.timestamp = text;
        const auto bytes =
            hmac_sha256(secret().key(), std::string(id) + "." + text + "." + std::string(body));
        proof.signature = "v1," + to_base64(as_text(bytes));
        EXPECT_EQ(refusal(proof), SignatureError::malformed) << text;
    }
}

TEST(CallbackSignature, CannotShiftBytesBetweenIdAndTime) {
    const auto sign = [](const std::string& text) {
        return "v1," + to_base64(as_text(hmac_sha256(secret().key(), text)));
    };
    for (const std::string& odd : {std::string("a.b"), std::string(300, 'a'), std::string("a\0b", 3),
                                   std::string("a b"), std::string("a\n"), std::string("\xc3\xa4")}) {
        CallbackProof proof;
        proof.id = odd;
        proof.timestamp = "1700000000";
        proof.signature = sign(odd + ".1700000000." + std::string(body));
        EXPECT_EQ(refusal(proof), SignatureError::malformed) << odd.substr(0, 20);
    }
    auto other_id = good_proof();
    other_id.id = "evt_2";
    EXPECT_EQ(refusal(other_id), SignatureError::wrong);
}

TEST(CallbackSignature, FitsTheOldSecretWhileBothAreValid) {
    const auto fresh = secret("another secret, quite new");
    auto verified = verify_callback({fresh, secret()}, good_proof(), body, now);
    ASSERT_TRUE(verified.ok());
    EXPECT_EQ(verified->secret, 1u);
    EXPECT_EQ(verify_callback({fresh}, good_proof(), body, now).error(), SignatureError::wrong);
    EXPECT_EQ(verify_callback({}, good_proof(), body, now).error(), SignatureError::wrong)
        << "no secret: fail closed";
}

TEST(CallbackSecret, IsRefusedWhereItIsNone) {
    for (const auto* text :
         {"", "short", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", "whsec_ZGFya3Jvb20tdGVzdC1zZWNyZXQ"})
        EXPECT_FALSE(CallbackSecret::parse(text).ok()) << text;
    EXPECT_FALSE(CallbackSecret::parse("whsec_" + to_base64(std::string(65, 'k'))).ok());
    EXPECT_EQ(CallbackSecret::parse("whsec_" + to_base64(std::string(64, 'k')))->key(), std::string(64, 'k'));
    EXPECT_EQ(secret("0123456789abcdef").key(), "0123456789abcdef");
}

TEST(Base64, HasOneTextForEachValue) {
    for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                                      {"f", "Zg=="},
                                      {"fo", "Zm8="},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg=="},
                                      {"\xff\xfe\xfd", "//79"},
                                      {"\xfb\xff", "+/8="}}) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
    for (const auto* text :
         {"Zg", "Zg=", "Zh==", "Zm9", "Zm9v=", "Zm9v====", "=", "====", "Z===", "Zm 9", "-_8="})
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace darkroom::runpod
