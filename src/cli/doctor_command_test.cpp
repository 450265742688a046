// `darkroom doctor`: one line for each finding, and an exit code that scripts can use.
#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "base/json.h"
#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using Level = DoctorFinding::Level;

class DoctorCommand : public testing::Test {
protected:
    fakes::Darkroom darkroom;
};

TEST_F(DoctorCommand, TellsEachFindingInALineAndSucceedsWhenAllIsWell) {
    darkroom.findings = {{Level::ok, "config", "every value can be used"},
                         {Level::ok, "storage put", "12 bytes"}};
    const auto outcome = darkroom.run({"doctor"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, " ok    config       every value can be used\n ok    storage put  12 bytes\n");
    EXPECT_EQ(outcome.err, "All is well.\n");
}

TEST_F(DoctorCommand, AWarningIsNoFailure) {
    darkroom.findings = {{Level::warning, "storage clock", "61 s behind"}};
    const auto outcome = darkroom.run({"doctor"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, " warn  storage clock  61 s behind\n");
    EXPECT_EQ(outcome.err, "0 problems, 1 warning.\n");
}

TEST_F(DoctorCommand, AProblemIsCountedAndHasItsOwnExitCode) {
    darkroom.findings = {{Level::failed, "storage", "the bucket is not there"}};
    const auto outcome = darkroom.run({"doctor", "--plain"});
    EXPECT_EQ(outcome.code, 69);
    EXPECT_EQ(outcome.out, "FAIL\tstorage\tthe bucket is not there\n");
    EXPECT_EQ(outcome.err, "1 problem, 0 warnings.\n");
}

TEST_F(DoctorCommand, TextOfAServerCannotMoveTheCursor) {
    darkroom.findings = {{Level::failed, "storage", "Access\x1b[2J\nDenied"}};
    EXPECT_EQ(darkroom.run({"doctor"}).out.find('\x1b'), std::string::npos);
}

TEST_F(DoctorCommand, ScriptsGetJson) {
    darkroom.findings = {{Level::failed, "storage", "the bucket is not there"}};
    const auto outcome = darkroom.run({"doctor", "--json", "--data", "/srv/darkroom"});
    const auto document = parse_json(outcome.out);
    ASSERT_TRUE(document.ok()) << outcome.out;
    EXPECT_EQ(document->at_pointer("/findings/0/level").as_string(), "failed");
    ASSERT_EQ(darkroom.examined.size(), 1u);
    EXPECT_EQ(darkroom.examined[0].data_dir, "/srv/darkroom");
}

}  // namespace
}  // namespace darkroom::cli
