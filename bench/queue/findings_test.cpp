// What a run says of itself: medians, gates that can fail, and a page that no name can break.
#include "bench/queue/findings.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "bench/queue/measure.h"
#include "bench/queue/pages.h"
#include "bench/queue/plot.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::bench {
namespace {

constexpr const char* work = "enqueue and work, one call each: jobs/s";

QueuePlan plan_with_all_sides() {
    QueuePlan plan;
    plan.sides = all_sides();
    return plan;
}

/// Each side's jobs per second in three rounds.
Findings findings_of(const std::vector<std::pair<std::string, std::vector<double>>>& rates) {
    Findings findings;
    for (const auto& [side, samples] : rates) findings.add("work", work, side, samples);
    return findings;
}

TEST(QueueFindings, AFigureIsTheMedianOfItsRoundsWithTheirEnds) {
    const auto findings = findings_of({{"pg-boss", {4'000, 2'000, 3'000}}});
    const auto* figure = findings.find("work", work, "pg-boss");
    ASSERT_NE(figure, nullptr);
    EXPECT_EQ(text_of(*figure, true), "3,000 (2,000 to 4,000)");
    EXPECT_EQ(findings.find("work", work, "BullMQ, always"), nullptr);
}

TEST(QueueGates, DarkroomIsHeldAgainstTheBestPeerThatLosesNothing) {
    auto findings = findings_of({{"pg-boss", {4'000}},
                                 {"BullMQ, everysec", {20'000}},  // may lose a second, so it does not count
                                 {"BullMQ, always", {10'000}},
                                 {"Darkroom, SQLite", {10'001}},
                                 {"Darkroom, Postgres", {14'999}}});
    add_gates(plan_with_all_sides(), findings);
    ASSERT_EQ(findings.gates.size(), 2u);
    EXPECT_FALSE(findings.gates[0].kept) << findings.gates[0].what;
    EXPECT_NE(findings.gates[0].what.find("BullMQ, always, 10,000"), std::string::npos);
    EXPECT_TRUE(findings.gates[1].kept) << findings.gates[1].what;
    EXPECT_FALSE(findings.all_kept());
}

TEST(QueueGates, WhatWasNotMeasuredIsNotJudged) {
    auto findings = findings_of({{"Darkroom, SQLite", {1}}});
    add_gates(plan_with_all_sides(), findings);
    EXPECT_TRUE(findings.gates.empty());
}

TEST(QueueGates, EachLimitIsJudgedByItself) {
    Findings findings;
    findings.add("claims", "longest ÷ shortest", "Darkroom, SQLite", {1.31}, 2);
    findings.add("pinned", "after ÷ before", "Darkroom, Postgres", {1.99}, 2);
    findings.add("posts", "at 1,000/s: p99 ms", "Darkroom, SQLite", {50.0}, 1);
    findings.add("posts", "gateway's resident MiB", "Darkroom, SQLite", {40.1}, 1);
    add_gates(plan_with_all_sides(), findings);
    std::vector<bool> kept;
    for (const auto& gate : findings.gates) kept.push_back(gate.kept);
    EXPECT_EQ(kept, (std::vector<bool>{false, true, false, true}));
}

TEST(QueuePlot, BarsAreInProportionAndOursStandOut) {
    const auto svg = draw_bars({"t", {"a"}, {{"theirs", {50}, false}, {"ours", {100}, true}}, 0, false});
    EXPECT_NE(svg.find("width=\"290.0\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("width=\"580.0\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("#d9622b"), std::string::npos);
}

TEST(QueuePlot, NoNameBreaksOutOfTheDrawing) {
    const auto svg = draw_bars({"<b>", {"a"}, {{"\"&<script>", {1}, false}}, 0, true});
    EXPECT_EQ(svg.find("<b>"), std::string::npos);
    EXPECT_EQ(svg.find("<script>"), std::string::npos);
    EXPECT_NE(svg.find("&quot;&amp;&lt;script&gt;"), std::string::npos);
}

TEST(QueuePages, ARunIsLeftAsPageJsonAndPlots) {
    const testing::TempDir folder;
    auto findings = findings_of({{"pg-boss", {4'000}}, {"Darkroom, SQLite", {9'000}}});
    findings.parts.push_back({"work", "Throughput", "about <it>"});
    findings.sides.push_back({"Darkroom, SQLite", "1", "synced", true, true, true});
    write_pages(findings, folder.path() / "out");
    const auto json = parse_json(testing::read_file(folder.path() / "out/queue.json"));
    ASSERT_TRUE(json.ok());
    EXPECT_EQ(json->at("figures").as_array().size(), 2u);
    EXPECT_NE(testing::read_file(folder.path() / "out/queue.html").find("about &lt;it&gt;"),
              std::string::npos);
    EXPECT_TRUE(testing::read_file(folder.path() / "out/queue-work.svg").starts_with("<svg "));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "out/queue-latency.svg"));
}

}  // namespace
}  // namespace darkroom::bench
