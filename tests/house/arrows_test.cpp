#include "tests/house/arrows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <sstream>

namespace darkroom::house {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream stream{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

std::vector<Finding> includes(const std::string& path, const std::string& target) {
    return check_includes({path, "// A sample.\n#include \"" + target + "\"\n"});
}

TEST(Arrows, EveryRowNamesRoomsThatExistAndSaysWhy) {
    for (const auto& room : rooms()) {
        EXPECT_FALSE(room.reason.empty()) << room.name;
        for (const auto names : {room.may_see, room.tests_see}) {
            for (const auto& name : words_of(names))
                EXPECT_NE(room_named(name), nullptr) << room.name << " sees " << name;
        }
    }
    for (const auto& library : libraries()) {
        EXPECT_FALSE(library.reason.empty()) << library.prefix;
        for (const auto& name : words_of(library.rooms))
            EXPECT_NE(room_named(name), nullptr) << library.prefix << " " << name;
    }
}

TEST(Arrows, TheTableHasNoCircle) {
    std::set<std::string> finished;
    std::set<std::string> open;
    std::function<void(const std::string&)> visit = [&](const std::string& name) {
        if (finished.contains(name)) return;
        ASSERT_TRUE(open.insert(name).second) << "a circle goes through " << name;
        for (const auto& seen : words_of(room_named(name)->may_see)) {
            if (seen != name) visit(seen);
        }
        open.erase(name);
        finished.insert(name);
    };
    for (const auto& room : rooms()) visit(std::string(room.name));
}

TEST(Arrows, ArrowsThatGoUpOrSidewaysAreFound) {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"src/base/ids.h", "core/job.h"},
        {"src/core/job.cpp", "ports/clock.h"},
        {"src/core/job.cpp", "store/sqlite/store.h"},
        {"src/recipes/type.cpp", "ports/job_store.h"},
        {"src/ports/job_store.h", "dispatch/dispatcher.h"},
        {"src/store/sqlite/store.cpp", "objects/files/store.h"},
        {"src/http/server.cpp", "api/routes.h"},
        {"src/api/jobs.cpp", "store/sqlite/store.h"},
        {"src/api/jobs.cpp", "http/server.h"},
        {"src/dispatch/dispatcher.cpp", "imaging/pool/local_backend.h"},
        {"src/cli/run.cpp", "app/gateway.h"},
        {"src/imaging/pool/pool.cpp", "imaging/codec/decode.h"},
        {"src/imaging/codec/decode.cpp", "imaging/pool/pool.h"},
        {"src/imaging/ops/bg_remove.cpp", "imaging/wire/message.h"},
        {"src/app/gateway.cpp", "imaging/ops/operation.h"},
        {"apps/darkroom/main.cpp", "imaging/codec/decode.h"},
        {"apps/darkroom-imaging/main.cpp", "store/sqlite/store.h"},
        {"src/api/jobs.cpp", "tests/support/fake_clock.h"},
    };
    for (const auto& [path, target] : wrong) {
        EXPECT_THAT(includes(path, target), ElementsAre(Field(&Finding::line, 2)))
            << path << " -> " << target;
    }
}

TEST(Arrows, ArrowsThatGoDownAreAllowed) {
    const std::vector<std::pair<std::string, std::string>> right = {
        {"src/core/job.cpp", "base/ids.h"},
        {"src/store/sqlite/store.cpp", "ports/job_store.h"},
        {"src/store/sqlite/store.cpp", "store/sqlite/schema.h"},
        {"src/imaging/pool/pool.cpp", "imaging/wire/message.h"},
        {"src/app/gateway.cpp", "store/sqlite/store.h"},
        {"src/app/gateway.cpp", "imaging/pool/local_backend.h"},
        {"apps/darkroom/main.cpp", "app/gateway.h"},
        {"src/api/jobs_test.cpp", "tests/support/fake_clock.h"},
        {"src/api/jobs.cpp", "string"},
        {"README.md", "api/jobs.h"},
    };
    for (const auto& [path, target] : right) {
        EXPECT_THAT(includes(path, target), IsEmpty()) << path << " -> " << target;
    }
}

TEST(Arrows, LibrariesStayInTheirRooms) {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"src/api/jobs.cpp", "boost/asio/io_context.hpp"},
        {"src/cli/run.cpp", "boost/beast/http.hpp"},
        {"src/app/gateway.cpp", "sqlite3.h"},
        {"src/cli/run.cpp", "curl/curl.h"},
        {"src/imaging/pool/pool.cpp", "vips/vips8"},
        {"src/app/gateway.cpp", "opencv2/core.hpp"},
        {"tests/e2e/demo_test.cpp", "sqlite3.h"},
        {"src/imaging/codec/decode.cpp", "seccomp.h"},
    };
    for (const auto& [path, target] : wrong) {
        const auto findings = check_includes({path, "// A sample.\n#include <" + target + ">\n"});
        EXPECT_THAT(findings, ElementsAre(Field(&Finding::what, HasSubstr(target)))) << path;
    }
    for (const auto& [path, target] :
         std::map<std::string, std::string>{{"src/http/server.cpp", "boost/asio.hpp"},
                                            {"src/store/sqlite/store.cpp", "sqlite3.h"},
                                            {"src/imaging/codec/decode.cpp", "vips/vips8"},
                                            {"src/api/jobs.cpp", "boost/json.hpp"}}) {
        EXPECT_THAT(check_includes({path, "#include <" + target + ">\n"}), IsEmpty()) << path;
    }
}

TEST(Arrows, AnIncludeInACommentOrAStringIsNone) {
    EXPECT_THAT(
        check_includes({"src/core/job.cpp",
                        "// #include \"api/jobs.h\"\nauto s = R\"(\n#include \"api/jobs.h\"\n)\";\n"}),
        IsEmpty());
}

TEST(Arrows, AFolderWithoutARowAndARowWithoutAFolderAreFound) {
    const auto findings = check_table({{"src/astrology/stars.cpp", ""}, {"src/base/ids.h", ""}});
    const auto text = describe(findings);
    EXPECT_THAT(text, HasSubstr("src/astrology/stars.cpp: src/astrology has no row"));
    EXPECT_THAT(text, HasSubstr("nobody lives in store/sqlite"));
    EXPECT_THAT(text, testing::Not(HasSubstr("nobody lives in base\n")));
}

}  // namespace
}  // namespace darkroom::house
