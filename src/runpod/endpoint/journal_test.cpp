#include "runpod/endpoint/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::runpod::endpoint {
namespace {

using ::testing::HasSubstr;

const TimePoint noon = from_unix_ms(1'767'323'045'000);

TEST(Journal, KeepsTheNewestAndSaysHowManyAreLost) {
    Journal journal(3);
    for (int i = 0; i < 5; ++i) journal.note(noon, "submit", "j" + std::to_string(i));
    const auto all = journal.entries_json(0, 100);
    EXPECT_THAT(all, HasSubstr("\"next\":5,\"last\":5,\"lost\":2"));
    EXPECT_THAT(all, HasSubstr("\"job\":\"j2\""));
    EXPECT_EQ(all.find("\"job\":\"j1\""), std::string::npos);
    EXPECT_THAT(journal.entries_json(3, 1), HasSubstr("\"next\":4,\"last\":5,\"lost\":0"));
    EXPECT_EQ(journal.entries_json(5, 10), R"({"entries":[],"next":5,"last":5,"lost":0})");
    EXPECT_EQ(journal.entries_json(99, 10), R"({"entries":[],"next":99,"last":5,"lost":0})");
    EXPECT_EQ(journal.counts_json(), R"({"submit":5})");
}

TEST(Journal, AnEmptyOneHasNothingToSay) {
    const Journal journal(3);
    EXPECT_EQ(journal.entries_json(0, 10), R"({"entries":[],"next":0,"last":0,"lost":0})");
    EXPECT_EQ(journal.counts_json(), "{}");
}

TEST(Journal, AFileGetsOneLineForEachEntryAndIsAppendedTo) {
    const testing::TempDir folder;
    const auto file = folder.path() / "journal.jsonl";
    for (int run = 0; run < 2; ++run) {
        Journal journal(1);
        ASSERT_TRUE(journal.write_to(file));
        journal.note(noon, "end", "j", {{"state", "COMPLETED"}, {"n\n", std::int64_t{3}}}, R"({"job":"x"})");
    }
    const std::string line =
        R"({"n":1,"at":"2026-01-02T03:04:05.000Z","what":"end","job":"j","state":"COMPLETED","n\n":3,)"
        R"("darkroom":{"job":"x"}})"
        "\n";
    EXPECT_EQ(testing::read_file(file), line + line);
}

TEST(Journal, AFileThatCannotBeOpenedIsSaid) {
    Journal journal(1);
    const auto opened = journal.write_to("/nowhere/at/all/journal");
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error(), HasSubstr("/nowhere/at/all/journal"));
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
