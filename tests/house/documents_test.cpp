#include "tests/house/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/house/arrows.h"
#include "tests/house/cmake_rules.h"

namespace darkroom::house {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CMakeRules, LinksFollowTheArrows) {
    EXPECT_THAT(
        check_links(
            {"src/api/CMakeLists.txt",
             "darkroom_room(api\n  SOURCES jobs.cpp\n  LINKS darkroom::ports darkroom::store_sqlite)\n"}),
        ElementsAre(Field(&Finding::what, HasSubstr("darkroom::store_sqlite"))));
    EXPECT_THAT(check_links({"src/api/CMakeLists.txt", "darkroom_room(core LINKS darkroom::base)\n"}),
                ElementsAre(Field(&Finding::what, HasSubstr("own folder"))));
    EXPECT_THAT(
        check_links({"src/api/CMakeLists.txt",
                     "darkroom_room(api SOURCES jobs.cpp LINKS darkroom::ports Boost::headers\n"
                     "  TESTS jobs_test.cpp TEST_LINKS darkroom::tests_support)  # darkroom::http\n"}),
        IsEmpty());
}

TEST(CMakeRules, ASourceThatNothingCompilesIsFound) {
    const SourceFile list{"src/api/CMakeLists.txt", "darkroom_room(api SOURCES jobs.cpp)  # forgotten.cpp\n"};
    EXPECT_THAT(check_built({list, {"src/api/jobs.cpp", ""}, {"src/api/jobs.h", ""}}), IsEmpty());
    EXPECT_THAT(check_built({list, {"src/api/forgotten.cpp", ""}}),
                ElementsAre(Field(&Finding::what, HasSubstr("never"))));
    EXPECT_THAT(check_built({{"src/api/CMakeLists.txt", ""}, {"src/api/jobs.h", ""}, {"src/api/keys.h", ""}}),
                ElementsAre(Field(&Finding::path, "src/api")));
}

TEST(Settings, NamesAreReadFromBothKindsOfFile) {
    EXPECT_THAT(
        names_in_env_file("# A word.\n#DARKROOM_LISTEN=127.0.0.1:8080\nMAX_INFLIGHT=\n# Set X=1 to win\n\n"),
        ElementsAre("DARKROOM_LISTEN", "MAX_INFLIGHT"));
    EXPECT_THAT(names_in_settings_table(
                    "// TABLE(NOT_ME, 1)\n#define TABLE(NAME, x)\nDR_SETTING(DARKROOM_LISTEN, text)\n"
                    "  DR_SETTING(\"MAX_INFLIGHT\", number)\nfunction(call)\n"),
                ElementsAre("DARKROOM_LISTEN", "MAX_INFLIGHT"));
}

TEST(Settings, ExampleTableAndDocumentNameTheSame) {
    const SourceFile example{".env.example", "#A_B=1\n#C_D=2\n"};
    EXPECT_THAT(check_settings({example}), IsEmpty());
    EXPECT_THAT(check_settings({example, {"src/app/settings.def", "S(A_B, 1)\nS(C_D, 2)\n"}}), IsEmpty());
    EXPECT_THAT(check_settings({example, {"src/app/settings.def", "S(A_B, 1)\n"}}),
                ElementsAre(Field(&Finding::what, HasSubstr("C_D is missing"))));
    EXPECT_THAT(check_settings({example, {"src/app/settings.def", "S(A_B, 1)\nS(C_D, 2)\nS(E_F, 3)\n"}}),
                ElementsAre(Field(&Finding::path, ".env.example")));
    EXPECT_THAT(check_settings({example, {"docs/configuration.md", "`A_B` and `C_D_X`\n"}}),
                ElementsAre(Field(&Finding::what, HasSubstr("C_D is missing"))));
    EXPECT_THAT(check_settings({}), ElementsAre(Field(&Finding::path, ".env.example")));
}

TEST(Documents, TheArchitectureSpeaksOfEveryRoom) {
    std::string text;
    for (const auto& room : rooms()) {
        if (room.name != "dispatch") text += "`" + std::string(room.name) + "`\n";
    }
    EXPECT_THAT(check_architecture({{"ARCHITECTURE.md", text}}),
                ElementsAre(Field(&Finding::what, HasSubstr("`dispatch`"))));
    EXPECT_THAT(check_architecture({{"ARCHITECTURE.md", text + "`dispatch`\n"}}), IsEmpty());
}

TEST(Documents, LinksLeadSomewhere) {
    const SourceFile document{
        "docs/a.md", "[web](https://example.com) [up](../README.md#start)\n[gone](gone.md) [here](#a)\n"};
    EXPECT_THAT(check_document_links(document, DR_REPOSITORY), ElementsAre(Field(&Finding::line, 2)));
}

}  // namespace
}  // namespace darkroom::house
