#include "cli/text.h"

#include <gtest/gtest.h>

namespace darkroom::cli {
namespace {

TEST(CliText, NumbersAreWrittenAsPeopleReadThem) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(482'113), "482 kB");
    EXPECT_EQ(human_bytes(999'499), "999 kB");
    EXPECT_EQ(human_bytes(999'500), "1.0 MB");
    EXPECT_EQ(human_bytes(11'800'000), "11.8 MB");
    EXPECT_EQ(human_bytes(~0ull), "18.4 EB");
    EXPECT_EQ(human_duration(Milliseconds(-5)), "0.0 s");
    EXPECT_EQ(human_duration(Milliseconds(940)), "0.9 s");
    EXPECT_EQ(human_duration(Milliseconds(9'949)), "9.9 s");
    EXPECT_EQ(human_duration(Milliseconds(9'950)), "10 s");
    EXPECT_EQ(human_duration(Milliseconds(130'000)), "2 m 10 s");
    EXPECT_EQ(human_duration(Milliseconds(11'100'000)), "3 h 5 m");
    EXPECT_EQ(human_age(Milliseconds(-1)), "0s");
    EXPECT_EQ(human_age(Milliseconds(240'000)), "4m");
    EXPECT_EQ(human_age(Milliseconds(47ll * 3'600'000)), "47h");
    EXPECT_EQ(human_age(Milliseconds(49ll * 3'600'000)), "2d");
    EXPECT_EQ(counted(1, "file"), "1 file");
    EXPECT_EQ(counted(0, "file"), "0 files");
}

TEST(CliText, WhatAServerSaysCannotMoveTheCursor) {
    EXPECT_EQ(printable("a\x1b[2Jb\r\n\tc\x7f"), "a�[2Jb���c�");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "�31m")
        << "C1 CSI";
    EXPECT_EQ(printable("x\xe2\x80\xaegpj.exe"), "x�gpj.exe") << "right-to-left override";
    EXPECT_EQ(printable("\xff\xc0\xaf\xed\xa0\x80"), "������") << "not UTF-8, overlong, a surrogate";
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a�b");
    EXPECT_EQ(printable("Größe 写真 🙂"), "Größe 写真 🙂");
    EXPECT_EQ(printable("cut \xe5\x86"), "cut ��");
}

TEST(CliText, TextIsCutAndPaddedByColumnsNotBytes) {
    EXPECT_EQ(display_width("Größe"), 5);
    EXPECT_EQ(display_width("写真"), 4);
    EXPECT_EQ(display_width("e\xcc\x81"), 1) << "a combining accent";
    EXPECT_EQ(cut_to_width("photograph", 10), "photograph");
    EXPECT_EQ(cut_to_width("photograph", 5), "phot…");
    EXPECT_EQ(cut_to_width("写真写真", 4), "写…");
    EXPECT_EQ(cut_to_width("abc", 1), "…");
    EXPECT_EQ(cut_to_width("abc", 0), "");
    EXPECT_EQ(pad_to_width("写", 4), "写  ");
    EXPECT_EQ(pad_to_width("long", 2), "long");
}

TEST(Text, MoneyIsReadAtAGlance) {
    EXPECT_EQ(human_usd(0), "$0.0000");
    EXPECT_EQ(human_usd(0.000012), "<$0.0001");
    EXPECT_EQ(human_usd(0.0005), "$0.0005");
    EXPECT_EQ(human_usd(9.99), "$9.9900");
    EXPECT_EQ(human_usd(12.3), "$12.30");
    EXPECT_EQ(human_usd(1e300).substr(0, 2), "$1");
}

}  // namespace
}  // namespace darkroom::cli
