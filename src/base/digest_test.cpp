// Published vectors: FIPS 180-4 examples, RFC 4231 case 2, RFC 4648 §10.
#include "base/digest.h"

#include <gtest/gtest.h>

namespace darkroom {
namespace {

TEST(Digest, Sha256MatchesThePublishedVectors) {
    EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, PiecesGiveTheSameSumAsTheWhole) {
    Sha256 pieces;
    pieces.update("a");
    pieces.update("");
    pieces.update("bc");
    EXPECT_EQ(pieces.finish(), sha256("abc"));
}

TEST(Digest, HmacMatchesRfc4231) {
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, ComparesWholeTexts) {
    EXPECT_TRUE(equal_constant_time("same", "same"));
    EXPECT_FALSE(equal_constant_time("same", "sane"));
    EXPECT_FALSE(equal_constant_time("same", "same "));
}

TEST(Digest, Base64urlHasOneFormForEachValue) {
    for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfd"}) {
        EXPECT_EQ(from_base64url(to_base64url(text)), text);
    }
    EXPECT_EQ(to_base64url("foobar"), "Zm9vYmFy");
    EXPECT_EQ(to_base64url("\xff\xff"), "__8");
    for (const auto* bad : {"Z", "Zg==", "Zh", "Zm9vYmF+", "Zm 9"}) EXPECT_FALSE(from_base64url(bad)) << bad;
}

}  // namespace
}  // namespace darkroom
