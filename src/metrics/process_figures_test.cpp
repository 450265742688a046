#include "metrics/process_figures.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace darkroom::metrics {
namespace {

const std::string stat_text = "cpu  1 2 3\nintr 5\nbtime 1700000000\nprocesses 9\n";

std::string self_stat(const std::string& name, const std::string& rss = "512") {
    return "42 (" + name + ") S 1 42 42 0 -1 4194560 900 0 0 0 300 200 0 0 20 0 7 0 1000 104857600 " + rss +
           " 18446744073709551615 1 1\n";
}

TEST(ProcessFigures, AreReadFromTheKernelsWords) {
    const auto figures = parse_process_figures(self_stat("darkroom"), stat_text);
    ASSERT_TRUE(figures);
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    EXPECT_DOUBLE_EQ(figures->cpu_seconds, 500 / ticks);
    EXPECT_DOUBLE_EQ(figures->start_time_seconds, 1'700'000'000 + 1'000 / ticks);
    EXPECT_DOUBLE_EQ(figures->virtual_bytes, 104'857'600);
    EXPECT_DOUBLE_EQ(figures->resident_bytes, 512.0 * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    EXPECT_DOUBLE_EQ(figures->threads, 7);
}

TEST(ProcessFigures, ANameOfBracketsAndSpacesFoolsNobody) {
    EXPECT_TRUE(parse_process_figures(self_stat("a) S 1 (2 3"), stat_text));
}

TEST(ProcessFigures, OddTextsAreNoFigures) {
    for (const auto& text : {std::string(), std::string("42 (x"), std::string("42 (x) S 1 2 3"),
                             self_stat("x", "-"), self_stat("x", "1e9")})
        EXPECT_FALSE(parse_process_figures(text, stat_text)) << text;
    for (const auto& text : {std::string(), std::string("btime\n"), std::string("x\nbtime soon\n")})
        EXPECT_FALSE(parse_process_figures(self_stat("x"), text)) << text;
}

TEST(ProcessFigures, OfThisProcessAreAllThere) {
    const auto families = process_families();
    ASSERT_EQ(families.size(), 7U);
    for (const auto& family : families) {
        ASSERT_EQ(family.metric.size(), 1U) << family.name;
        const auto value = family.type == prometheus::MetricType::Counter ? family.metric[0].counter.value
                                                                          : family.metric[0].gauge.value;
        EXPECT_GE(value, 0) << family.name;
        if (family.name != "process_start_time_seconds") continue;
        const auto now =
            std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
        EXPECT_LT(value, now + 2);
        EXPECT_GT(value, now - 3'600);
    }
}

}  // namespace
}  // namespace darkroom::metrics
