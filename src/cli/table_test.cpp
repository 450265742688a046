#include "cli/table.h"

#include <gmock/gmock.h>

#include "cli/text.h"

namespace darkroom::cli {
namespace {

using testing::ElementsAre;

TEST(CliTable, ColumnsAreAsWideAsWhatTheyHold) {
    Table table({"ID", "STATUS", "FILE"});
    table.add({"1", "SUCCEEDED", "shoe.jpg"});
    table.add({"22", "FAILED", ""});
    EXPECT_THAT(table.lines(80),
                ElementsAre("ID  STATUS     FILE", "1   SUCCEEDED  shoe.jpg", "22  FAILED     -"));
}

TEST(CliTable, OnlyTheLastColumnGivesWay) {
    Table table({"ID", "FILE"});
    table.add({"1234567890", "a-very-long-name-of-a-picture.jpg"});
    for (const auto& line : table.lines(24)) EXPECT_LE(display_width(line), 24) << line;
    EXPECT_EQ(table.lines(24)[1], "1234567890  a-very-long…");
    EXPECT_EQ(table.lines(1)[1], "1234567890  a-very-…") << "a narrow terminal still shows something";
}

TEST(CliTable, ProgramsGetTabsAndNoHead) {
    Table table({"ID", "FILE"});
    table.add({"1", "a\tb\nc.jpg"});
    table.add({"2", ""});
    EXPECT_THAT(table.plain_lines(), ElementsAre("1\ta�b�c.jpg", "2\t-"));
}

TEST(CliTable, ATableWithoutRowsIsEmpty) {
    const Table table({"ID"});
    EXPECT_TRUE(table.empty());
    EXPECT_THAT(table.lines(80), ElementsAre("ID"));
}

}  // namespace
}  // namespace darkroom::cli
