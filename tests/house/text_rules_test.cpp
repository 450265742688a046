// Every rule is shown the sample it is there for, and its innocent neighbour: a rule that finds nothing is no
// rule.
#include "tests/house/text_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/house/cpp_text.h"

namespace darkroom::house {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<Finding> words(const std::string& path, const std::string& line) {
    return check_words({path, line + "\n"});
}
std::vector<Finding> waits(const std::string& code) { return check_waits({"src/http/server.cpp", code}); }
std::vector<Finding> shape(const std::string& path, const std::string& text) {
    return check_shape({path, text});
}

TEST(CppText, CodeCommentsAndLiteralsAreToldApart) {
    const std::string text =
        "int a = 1'000;  // one // two\n"
        "auto b = \"not // code \\\" co_await\"; /* co_await\n"
        "still */ char c = '\"'; auto d = R\"x(co_await )\" )x\"; f();\n";
    const auto split = split_cpp(text);
    EXPECT_EQ(split.code.size(), text.size());
    EXPECT_EQ(find_name(split.code, "co_await"), std::string::npos);
    EXPECT_THAT(split.code, HasSubstr("1'000;"));
    EXPECT_THAT(split.code, HasSubstr("f();"));
    EXPECT_THAT(split.code, Not(HasSubstr("still")));
    EXPECT_THAT(split.comments, HasSubstr("// one // two"));
    EXPECT_THAT(split.comments, Not(HasSubstr("not")));
    EXPECT_EQ(line_at(text, text.find("f();")), 3);
}

TEST(CppText, UnfinishedLiteralsAndCommentsEndWithTheFile) {
    for (const std::string text : {"\"abc", "'", "/* abc", "R\"(abc", "R\"", "\"abc\\", "//", ""}) {
        EXPECT_EQ(split_cpp(text).code.size(), text.size()) << text;
    }
}

TEST(Words, WhatTheCompilersCannotBearIsFoundEverywhere) {
    for (const auto* line :
         {"std::expected<int, int> f();", "auto s = std::format(\"\");",
          "for (auto x : v | std::views::take(2)) f(x);", "std::source_location here;", "worker.detach();",
          "co_spawn(ex, f(), boost::asio::detached);", "usleep(5);", "#include <format>",
          "#include <expected>", "#include <source_location>", "auto f = std::async(g);"}) {
        EXPECT_THAT(words("src/http/server.cpp", line), ElementsAre(Field(&Finding::line, 1))) << line;
    }
    for (const auto* line :
         {"bool expected = true;", "detached_jobs_max", "// std::format", "auto s = \"usleep\";",
          "fmt::format(\"\");", "information();", "#include <formatter.h>", "std::ranges::sort(v);"}) {
        EXPECT_THAT(words("src/http/server.cpp", line), IsEmpty()) << line;
    }
}

TEST(Words, OnlyTheClockSleeps) {
    EXPECT_THAT(words("src/dispatch/dispatcher.cpp", "std::this_thread::sleep_for(1ms);"), Not(IsEmpty()));
    EXPECT_THAT(words("tests/e2e/demo_test.cpp", "std::this_thread::sleep_for(1ms);"), Not(IsEmpty()));
    EXPECT_THAT(words("src/app/system_clock.cpp", "std::this_thread::sleep_until(then);"), IsEmpty());
}

TEST(Words, CoroutinesStayInHttp) {
    EXPECT_THAT(words("src/dispatch/dispatcher.cpp", "co_await store.claim();"), Not(IsEmpty()));
    EXPECT_THAT(words("src/http/server.cpp", "co_await socket.read();"), IsEmpty());
}

TEST(Words, RoomsWithLogicReadNoClockAndStartNoThread) {
    for (const auto* line : {"auto now = std::chrono::steady_clock::now();", "std::thread t(f);",
                             "std::random_device random;", "auto home = std::getenv(\"X\");"}) {
        for (const auto* path : {"src/core/job.cpp", "src/recipes/type.cpp", "src/dispatch/dispatcher.cpp",
                                 "src/api/jobs.cpp"}) {
            EXPECT_THAT(words(path, line), ElementsAre(Field(&Finding::line, 1))) << path << " " << line;
        }
        EXPECT_THAT(words("src/http/server.cpp", line), IsEmpty()) << line;
        EXPECT_THAT(words("src/dispatch/dispatcher_test.cpp", line), IsEmpty()) << line;
    }
    EXPECT_THAT(words("src/api/jobs.cpp", "auto now = clock.now();"), IsEmpty());
}

TEST(Words, PureRoomsDoNoInputOrOutput) {
    for (const auto* line : {"#include <thread>", "#include <mutex>", "#include <filesystem>",
                             "#include <fstream>", "#include <sys/socket.h>", "#include <netinet/in.h>"}) {
        EXPECT_THAT(words("src/core/job.cpp", line), Not(IsEmpty())) << line;
        EXPECT_THAT(words("src/recipes/type.h", line), Not(IsEmpty())) << line;
        EXPECT_THAT(words("src/http/server.cpp", line), IsEmpty()) << line;
    }
    EXPECT_THAT(words("src/core/job.cpp", "#include <string>"), IsEmpty());
}

TEST(Waits, AWaitWithBracesTernaryOrLambdaIsFound) {
    for (const auto* code : {
             "void f() {\n    co_await store.insert(NewJob{.id = id});\n}\n",
             "void f() {\n    co_await store.insert({.id = id});\n}\n",
             "void f() {\n    auto x = co_await g(a ? b : c);\n}\n",
             "void f() {\n    auto x = a ? co_await g() : 0;\n}\n",
             "void f() {\n    co_await run([x] { return x; });\n}\n",
             "void f() {\n    run([&](int y) { return y; }, co_await g());\n}\n",
             "void f() {\n    h(A{1}, co_await g());\n}\n",
             "void f() {\n    auto a = A{co_await g()};\n}\n",
             "void f() {\n    return {co_await g()};\n}\n",
             "void f() {\n    co_await run(ex, [x]() -> awaitable<void> { return x; });\n}\n",
             "void f() {\n    run([x]() -> awaitable<void> { return x; }, co_await g());\n}\n",
             "void f() {\n    if (co_await g({1})) return;\n}\n",
             "void f() {\n    co_await g(\n        A{1},\n        2);\n}\n",
         }) {
        EXPECT_THAT(waits(code), ElementsAre(Field(&Finding::what, HasSubstr("g++ 12.2")))) << code;
    }
}

TEST(Waits, AWaitOnItsOwnIsFine) {
    for (const auto* code : {
             "void f() {\n    co_await g(a, b[1], h(2));\n}\n",
             "void f() {\n    NewJob job{.id = id};\n    co_await g(std::move(job));\n}\n",
             "void f() {\n    const auto fn = [x] { return x; };\n    co_await g(fn);\n}\n",
             "void f() {\n    if (co_await g()) {\n        h({1});\n    }\n    co_await g();\n}\n",
             "void f() {\n    while (co_await g()) {\n    }\n    auto [error, n] = co_await read();\n}\n",
             "auto f() -> awaitable<void> {\n    co_await g();\n}\n",
             "struct A {\n    awaitable<int> f() {\n        co_return co_await g();\n    }\n};\n",
             "void f() {\n    for (const auto x : {1, 2}) {\n        co_await g(x);\n    }\n}\n",
             "void f() {\n    switch (a) {\n        case 1: {\n            co_await g();\n        }\n",
             "// co_await g(A{1})\n",
         }) {
        EXPECT_THAT(waits(code), IsEmpty()) << code << describe(waits(code));
    }
}

TEST(Shape, AFileOpensWithWhatItIs) {
    EXPECT_THAT(shape("src/core/job.h", "#pragma once\nint x;\n"),
                ElementsAre(Field(&Finding::what, HasSubstr("opens"))));
    EXPECT_THAT(shape("src/core/job.h", "// A job.\nint x;\n"),
                ElementsAre(Field(&Finding::what, HasSubstr("pragma"))));
    EXPECT_THAT(shape("src/core/job.h", "// A job.\n#pragma once\n"), IsEmpty());
    EXPECT_THAT(shape("src/core/job.cpp", "#include \"core/job.h\"\n"), IsEmpty()) << "its header tells";
    EXPECT_THAT(shape("src/core/job.cpp", "#include \"core/other.h\"\n"), Not(IsEmpty()));
    EXPECT_THAT(shape("src/core/job_test.cpp", "#include <gtest/gtest.h>\n\n#include \"core/job.h\"\n"),
                IsEmpty());
    EXPECT_THAT(shape("src/core/job_test.cpp", "#include <gtest/gtest.h>\n\n#include \"core/other.h\"\n"),
                Not(IsEmpty()));
    EXPECT_THAT(shape("src/core/job.cpp", "int x;\n#include \"core/job.h\"\n"), Not(IsEmpty()));
    EXPECT_THAT(shape("scripts/tidy.py", "#!/usr/bin/env python3\nimport sys\n"), Not(IsEmpty()));
    EXPECT_THAT(shape("scripts/tidy.py", "#!/usr/bin/env python3\n\"\"\"Tidies.\"\"\"\n"), IsEmpty());
    EXPECT_THAT(shape("src/core/job.h", ""), Not(IsEmpty()));
}

TEST(Shape, FilesStaySmallEnoughToRead) {
    std::string text = "// A long story.\n";
    while (std::count(text.begin(), text.end(), '\n') < 400) text += "int x;\n";
    EXPECT_THAT(shape("src/core/job.cpp", text), IsEmpty());
    EXPECT_THAT(shape("src/core/job.cpp", text + "int y;\n"),
                ElementsAre(Field(&Finding::what, HasSubstr("401 lines"))));
}

TEST(Shape, UnfinishedWorkHasANameAndAnIssue) {
    for (const auto* mark :
         {"// FIXME: later\n", "// TODO: later\n", "// TODO(ada): later\n", "// TODO(): #1\n"}) {
        EXPECT_THAT(shape("src/core/job.cpp", "// A job.\n" + std::string(mark)),
                    ElementsAre(Field(&Finding::line, 2)))
            << mark;
    }
    EXPECT_THAT(shape("src/core/job.cpp", "// A job.\n// TODO(ada): #12 sooner.\nauto s = \"TODO\";\n"),
                IsEmpty());
    EXPECT_THAT(shape("src/core/CMakeLists.txt", "# TODO later\n"), Not(IsEmpty()));
}

TEST(Shape, TabsAndCarriageReturnsAreFound) {
    EXPECT_THAT(shape("README.md", "a\tb\n"), ElementsAre(Field(&Finding::what, HasSubstr("tab"))));
    EXPECT_THAT(shape("README.md", "a\r\n"), ElementsAre(Field(&Finding::what, HasSubstr("carriage"))));
    EXPECT_THAT(shape("README.md", "a"), ElementsAre(Field(&Finding::what, HasSubstr("no line end"))));
    EXPECT_THAT(shape("README.md", "a\n"), IsEmpty());
}

TEST(MachinePaths, NothingNamesTheMachineItWasWrittenOn) {
    const std::string somewhere = "/opt/checkouts/darkroom";
    EXPECT_THAT(check_machine_paths({"docs/a.md", "see " + somewhere + "/docs\n"}, somewhere),
                Not(IsEmpty()));
    EXPECT_THAT(check_machine_paths({"docs/a.md",
                                     "\nin /ho"
                                     "me/ada/x\n"},
                                    somewhere),
                Each(Field(&Finding::line, 2)));
    EXPECT_THAT(check_machine_paths({"docs/a.md",
                                     "in /ho"
                                     "me/ada/x\n"},
                                    somewhere),
                Not(IsEmpty()));
    EXPECT_THAT(check_machine_paths({"docs/a.md", "GET /api/v1/jobs, /tmp/x, homework/\n"}, somewhere),
                IsEmpty());
    EXPECT_THAT(check_machine_paths({"docs/a.md", "build/src/x.o\n"}, "/src"), IsEmpty())
        << "too short to be told apart";
}

}  // namespace
}  // namespace darkroom::house
