#include "core/attempt_token.h"

#include <gtest/gtest.h>

namespace darkroom::core {
namespace {

constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";
const auto attempt = *AttemptId::parse("3f0e6a4c-1111-4222-8333-444455556666");

TEST(AttemptToken, NamesTheAttemptItWasMadeFor) {
    const auto token = attempt_token(attempt, secret);
    EXPECT_EQ(token.size(), 54u);
    EXPECT_EQ(read_attempt_token(token, secret), attempt);
}

TEST(AttemptToken, AnyChangedCharacterMakesItNobodys) {
    const auto token = attempt_token(attempt, secret);
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto forged = token;
        forged[i] = forged[i] == 'A' ? 'E' : 'A';
        EXPECT_FALSE(read_attempt_token(forged, secret)) << i;
    }
}

TEST(AttemptToken, AnotherSecretAnotherLengthAndOtherTextAreRefused) {
    const auto token = attempt_token(attempt, secret);
    EXPECT_FALSE(read_attempt_token(token, "another secret of thirty-two byt"));
    EXPECT_FALSE(read_attempt_token(token + "A", secret));
    EXPECT_FALSE(read_attempt_token(token.substr(0, 50), secret));
    EXPECT_FALSE(read_attempt_token("", secret));
    EXPECT_FALSE(read_attempt_token(attempt.str(), secret));
    EXPECT_FALSE(read_attempt_token(std::string(1u << 20, 'A'), secret));
}

}  // namespace
}  // namespace darkroom::core
