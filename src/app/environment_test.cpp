// .env is read as people write it.
#include "app/environment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace darkroom::app {
namespace {

class EnvFile {
public:
    explicit EnvFile(const std::string& content)
        : path_(testing::TempDir() + "env-" + std::to_string(::getpid())) {
        std::ofstream(path_) << content;
    }
    ~EnvFile() { std::filesystem::remove(path_); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

TEST(Environment, ReadsNamesValuesQuotesAndComments) {
    const EnvFile file(
        "# comment\n\nDR_TEST_A=1\n export DR_TEST_B = \"two words\" \nDR_TEST_C='x=y#z'\r\nDR_TEST_D=\n");
    std::vector<std::string> problems;
    const Environment environment(file.path(), problems);
    EXPECT_TRUE(problems.empty());
    EXPECT_EQ(environment.get("DR_TEST_A"), "1");
    EXPECT_EQ(environment.get("DR_TEST_B"), "two words");
    EXPECT_EQ(environment.get("DR_TEST_C"), "x=y#z");
    EXPECT_FALSE(environment.get("DR_TEST_D"));
    EXPECT_EQ(environment.names_with("DR_TEST_").size(), 4u);
}

TEST(Environment, ACommentMayFollowAValue) {
    const EnvFile file(
        "DR_TEST_A=eu-west-1   # as the console shows it\nDR_TEST_B=\"a # b\" # c\nDR_TEST_C=a#b\n"
        "DR_TEST_D= # nothing\nDR_TEST_E='it''s'\nDR_TEST_F=\"open # end\nDR_TEST_G=#x\n");
    std::vector<std::string> problems;
    const Environment environment(file.path(), problems);
    EXPECT_TRUE(problems.empty());
    EXPECT_EQ(environment.get("DR_TEST_A"), "eu-west-1");
    EXPECT_EQ(environment.get("DR_TEST_B"), "a # b");
    EXPECT_EQ(environment.get("DR_TEST_C"), "a#b") << "no blank before it: part of the value";
    EXPECT_FALSE(environment.get("DR_TEST_D"));
    EXPECT_EQ(environment.get("DR_TEST_E"), "it''s");
    EXPECT_EQ(environment.get("DR_TEST_F"), "\"open # end");
    EXPECT_EQ(environment.get("DR_TEST_G"), "#x");
}

TEST(Environment, TheProcessWinsOverTheFile) {
    const EnvFile file("DR_TEST_WINS=file\n");
    ::setenv("DR_TEST_WINS", "process", 1);
    std::vector<std::string> problems;
    EXPECT_EQ(Environment(file.path(), problems).get("DR_TEST_WINS"), "process");
    ::unsetenv("DR_TEST_WINS");
}

TEST(Environment, ALineThatIsNoSettingIsReportedWithoutItsContent) {
    const EnvFile file("A=1\nsecret token\n1X=2\n");
    std::vector<std::string> problems;
    const Environment environment(file.path(), problems);
    ASSERT_EQ(problems.size(), 2u);
    EXPECT_NE(problems[0].find("line 2"), std::string::npos);
    EXPECT_EQ(problems[0].find("secret"), std::string::npos);
}

TEST(Environment, NoFileIsFine) {
    std::vector<std::string> problems;
    EXPECT_FALSE(Environment("/nonexistent/.env", problems).get("DR_TEST_NONE"));
    EXPECT_TRUE(problems.empty());
}

}  // namespace
}  // namespace darkroom::app
