#include "store/postgres/pg_text.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::store {
namespace {

TEST(PostgresText, ParametersAreNumbered) {
    EXPECT_EQ(to_postgres("SELECT a FROM b WHERE c = ? AND d = ?"),
              "SELECT a FROM b WHERE c = $1 AND d = $2");
    EXPECT_EQ(to_postgres("UPDATE a SET b = ?2 WHERE c = ?1 AND d = ?12"),
              "UPDATE a SET b = $2 WHERE c = $1 AND d = $12");
}

TEST(PostgresText, QuotedTextStaysAsItIs) {
    EXPECT_EQ(to_postgres("SELECT '?', 'it''s ?' WHERE a = ?"), "SELECT '?', 'it''s ?' WHERE a = $1");
    EXPECT_EQ(to_postgres("SELECT 'NOT INDEXED'"), "SELECT 'NOT INDEXED'");
    EXPECT_EQ(to_postgres("SELECT 'open ?"), "SELECT 'open ?");
}

TEST(PostgresText, HintsForADatabaseWithoutStatisticsAreLeftOut) {
    EXPECT_EQ(to_postgres("SELECT seq FROM jobs INDEXED BY jobs_by_user WHERE seq = ?"),
              "SELECT seq FROM jobs  WHERE seq = $1");
    EXPECT_EQ(to_postgres("SELECT seq FROM jobs NOT INDEXED WHERE seq = 1"),
              "SELECT seq FROM jobs  WHERE seq = 1");
    EXPECT_EQ(to_postgres("a CROSS JOIN b ON c = d"), "a JOIN b ON c = d");
    EXPECT_EQ(to_postgres("SELECT uncrossed FROM xNOT"), "SELECT uncrossed FROM xNOT");
}

TEST(PostgresText, RightTextIsNotCopied) {
    std::string storage;
    for (const std::string_view text :
         {"", "plain", "exactly8", "longer than eight bytes", "Grüße, 日本, 😀", "\xf4\x8f\xbb\xbf"}) {
        EXPECT_EQ(to_held(text, storage).data(), text.data());
        EXPECT_EQ(from_held(text, storage).data() == text.data() || from_held(text, storage) == text, true);
    }
}

// Sixteen bits of every kind of trouble: what comes back is what went in, and what is held is right.
TEST(PostgresText, AnyBytesComeBackAsTheyWere) {
    std::mt19937 random(5);
    using namespace std::string_view_literals;
    constexpr auto interesting = "\x00\x01 a\x7f\x80\xbc\xbf\xc0\xc3\xed\xa0\xf4\x8f\xf5\xff"sv;
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto length = random() % 20; length > 0; --length)
            text +=
                random() % 4 == 0 ? static_cast<char>(random()) : interesting[random() % interesting.size()];
        std::string held_storage;
        std::string again_storage;
        std::string back_storage;
        const std::string held(to_held(text, held_storage));
        EXPECT_EQ(from_held(held, back_storage), text);
        EXPECT_EQ(held.find('\0'), std::string::npos);
        // Held text is valid: only its characters that stand for bytes would be held in another way.
        EXPECT_EQ(from_held(to_held(held, again_storage), back_storage), held);
    }
}

TEST(PostgresText, WhatPostgresCannotHoldHasAFormThatItCan) {
    std::string storage;
    EXPECT_EQ(to_held(std::string_view("a\0b", 3), storage),
              "a\xf4\x8f\xbc\x80"
              "b");
    EXPECT_EQ(to_held("12345678\xff", storage), "12345678\xf4\x8f\xbf\xbf");
    EXPECT_EQ(to_held("\xed\xa0\x80", storage).size(), 12u) << "half of a surrogate pair";
    EXPECT_EQ(to_held("\xc0\xaf", storage).size(), 8u) << "longer than needed";
    EXPECT_EQ(to_held("\xf5\x80\x80\x80", storage).size(), 16u) << "beyond Unicode";
}

}  // namespace
}  // namespace darkroom::store
