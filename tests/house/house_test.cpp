// The rules applied to this repository. Each rule is tried on samples by the other tests of this folder;
// here, a finding is a reason to mend the file or, in public, the rule.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/house/arrows.h"
#include "tests/house/cmake_rules.h"
#include "tests/house/documents.h"
#include "tests/house/source_tree.h"
#include "tests/house/text_rules.h"

namespace darkroom::house {
namespace {

const std::vector<SourceFile>& repository() {
    static const auto files = read_tree(DR_REPOSITORY);
    return files;
}

/// What `rule` finds in all files that `select` wants.
template <class Select, class Rule>
std::vector<Finding> findings_in(Select select, Rule rule) {
    std::vector<Finding> all;
    for (const auto& file : repository()) {
        if (!select(file)) continue;
        const auto findings = rule(file);
        all.insert(all.end(), findings.begin(), findings.end());
    }
    return all;
}

testing::AssertionResult is_clean(const std::vector<Finding>& findings) {
    if (findings.empty()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "\n" << describe(findings);
}

bool any(const SourceFile&) { return true; }
bool is_cmake_list(const SourceFile& file) { return file.path.ends_with("CMakeLists.txt"); }
bool is_document(const SourceFile& file) { return file.path.ends_with(".md"); }

TEST(House, TheWholeRepositoryIsLookedAt) {
    std::set<std::string> paths;
    for (const auto& file : repository()) paths.insert(file.path);
    for (const auto* path :
         {"dev", ".ci/run", ".env.example", "README.md", "src/base/result.h", "src/ports/http_message.cpp",
          "tests/house/house_test.cpp", "cmake/rooms.cmake", "apps/CMakeLists.txt"}) {
        EXPECT_TRUE(paths.contains(path)) << path;
    }
    for (const auto& path : paths)
        EXPECT_FALSE(path.starts_with("build/") || path.starts_with(".git/")) << path;
}

TEST(House, EveryIncludeFollowsAnAllowedArrow) { EXPECT_TRUE(is_clean(findings_in(is_cpp, check_includes))); }

TEST(House, EveryRoomHasItsRow) { EXPECT_TRUE(is_clean(check_table(repository()))); }

TEST(House, EveryLinkFollowsAnAllowedArrow) {
    EXPECT_TRUE(is_clean(findings_in(is_cmake_list, check_links)));
}

TEST(House, EverySourceIsBuilt) { EXPECT_TRUE(is_clean(check_built(repository()))); }

TEST(House, NoFileUsesWhatOurCompilersOrItsRoomCannotBear) {
    EXPECT_TRUE(is_clean(findings_in(is_cpp, check_words)));
}

TEST(House, EveryWaitStandsAlone) { EXPECT_TRUE(is_clean(findings_in(is_cpp, check_waits))); }

TEST(House, EveryFileHasItsShape) { EXPECT_TRUE(is_clean(findings_in(any, check_shape))); }

TEST(House, NothingNamesTheMachineItWasWrittenOn) {
    const auto rule = [](const SourceFile& file) { return check_machine_paths(file, DR_REPOSITORY); };
    EXPECT_TRUE(is_clean(findings_in(any, rule)));
}

TEST(House, SettingsAreTheSameInCodeExampleAndDocument) {
    EXPECT_TRUE(is_clean(check_settings(repository())));
}

TEST(House, TheArchitectureSpeaksOfEveryRoom) { EXPECT_TRUE(is_clean(check_architecture(repository()))); }

TEST(House, LinksBetweenDocumentsLeadSomewhere) {
    const auto rule = [](const SourceFile& file) { return check_document_links(file, DR_REPOSITORY); };
    EXPECT_TRUE(is_clean(findings_in(is_document, rule)));
}

}  // namespace
}  // namespace darkroom::house
