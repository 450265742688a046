// What comes in is kept before it is answered, once where it must not be taken twice, until it is worked off.
#include <atomic>
#include <thread>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using ports::Received;

TEST_P(JobStoreSuite, WhatCameInIsThereAfterARestartInTheOrderOfItsArrival) {
    const auto attempt = samples_.unknown_attempt();
    auto hint = inbox_entry(attempt, std::string("{\"id\":\"\xff\"}\0 ", 12));
    hint.tells_success = true;
    hint.bytes = 20'000'000;  // its first bytes are kept only
    ListenerCounts counts;
    store().set_listener(&counts);
    EXPECT_EQ(*remote().receive(hint), Received::stored);
    EXPECT_EQ(*remote().receive(hint), Received::stored) << "a webhook that comes twice has no id";
    EXPECT_EQ(*remote().receive(inbox_entry(attempt, "", "msg-1")), Received::stored);
    store().set_listener(nullptr);
    EXPECT_EQ(counts.remote, 3);
    reopen();
    const auto entries = *remote().list_inbox(10);
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_LT(entries[0].seq, entries[1].seq);
    EXPECT_LT(entries[1].seq, entries[2].seq);
    hint.seq = entries[0].seq;
    EXPECT_EQ(in_words(entries[0]), in_words(hint));
    EXPECT_EQ(entries[0].body, hint.body);
    EXPECT_EQ(entries[2].kind, ports::InboxKind::report);
    EXPECT_EQ(entries[2].once, "msg-1");
    EXPECT_TRUE(entries[2].body.empty());
    EXPECT_EQ(remote().list_inbox(2)->size(), 2u);
    EXPECT_TRUE(remote().list_inbox(0)->empty());
    EXPECT_TRUE(remote().list_inbox(-1)->empty());
}

TEST_P(JobStoreSuite, ACallbackWhoseIdWasTakenIsAReplay) {
    const auto attempt = samples_.unknown_attempt();
    EXPECT_EQ(*remote().receive(inbox_entry(attempt, "a", "msg-1")), Received::stored);
    ListenerCounts counts;
    store().set_listener(&counts);
    EXPECT_EQ(*remote().receive(inbox_entry(attempt, "a", "msg-1")), Received::replayed);
    EXPECT_EQ(*remote().receive(inbox_entry(samples_.unknown_attempt(), "b", "msg-1")), Received::replayed);
    EXPECT_EQ(counts.remote, 0);
    store().set_listener(nullptr);
    ASSERT_TRUE(remote().settle_inbox(remote().list_inbox(10)->at(0).seq, "confirmed").ok());
    reopen();
    EXPECT_EQ(*remote().receive(inbox_entry(attempt, "a", "msg-1")), Received::replayed);
    EXPECT_TRUE(remote().list_inbox(10)->empty());
}

TEST_P(JobStoreSuite, ACallbackThatComesSixteenTimesAtOnceIsStoredOnce) {
    const auto attempt = samples_.unknown_attempt();
    std::atomic<int> stored{0};
    {
        std::vector<std::jthread> senders;
        senders.reserve(16);
        for (int i = 0; i < 16; ++i) {
            senders.emplace_back([&] {
                if (*remote().receive(inbox_entry(attempt, "a", "msg-1")) == Received::stored) ++stored;
            });
        }
    }
    EXPECT_EQ(stored, 1);
    EXPECT_EQ(remote().list_inbox(100)->size(), 1u);
}

TEST_P(JobStoreSuite, WhatIsSettledIsNotListedAgain) {
    const auto attempt = samples_.unknown_attempt();
    for (const std::string body : {"a", "b", "c"})
        ASSERT_TRUE(remote().receive(inbox_entry(attempt, body)).ok());
    const auto entries = *remote().list_inbox(10);
    ASSERT_EQ(entries.size(), 3u);
    ASSERT_TRUE(remote().settle_inbox(entries[1].seq, "late").ok());
    ASSERT_TRUE(remote().settle_inbox(entries[1].seq, "late").ok());
    ASSERT_TRUE(remote().settle_inbox(entries[2].seq + 100, "late").ok()) << "there is no such one";
    const auto left = *remote().list_inbox(10);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].body, "a");
    EXPECT_EQ(left[1].body, "c");
}

TEST_P(JobStoreSuite, OnlyWhatIsSettledIsForgottenAndOldIdsMayComeAgain) {
    const auto attempt = samples_.unknown_attempt();
    for (int i = 0; i < 2'500; ++i) {
        auto entry = inbox_entry(attempt, "x", "msg-" + std::to_string(i));
        entry.received_at = at(i);
        ASSERT_TRUE(remote().receive(entry).ok());
    }
    const auto entries = *remote().list_inbox(10'000);
    ASSERT_EQ(entries.size(), 2'500u);
    for (std::size_t i = 0; i < entries.size(); i += 2)
        ASSERT_TRUE(remote().settle_inbox(entries[i].seq, "confirmed").ok());
    ASSERT_TRUE(remote().forget_inbox(at(2'400)).ok());
    EXPECT_EQ(remote().list_inbox(10'000)->size(), 1'250u) << "what is not settled stays";
    EXPECT_EQ(*remote().receive(inbox_entry(attempt, "x", "msg-0")), Received::stored);
    EXPECT_EQ(*remote().receive(inbox_entry(attempt, "x", "msg-2399")), Received::stored);
    EXPECT_EQ(*remote().receive(inbox_entry(attempt, "x", "msg-2400")), Received::replayed);
    ASSERT_TRUE(remote().forget_inbox(at(2'400)).ok());
}

TEST_P(JobStoreSuite, AReportOfMegabytesIsKeptWhole) {
    const auto attempt = samples_.unknown_attempt();
    std::string body(5'000'000, 'x');
    body[4'999'999] = 'y';
    ASSERT_TRUE(remote().receive(inbox_entry(attempt, body, "msg-1")).ok());
    const auto entries = *remote().list_inbox(1);
    EXPECT_TRUE(entries.at(0).body == body);
    ASSERT_TRUE(remote().settle_inbox(entries[0].seq, "confirmed").ok());
    EXPECT_TRUE(remote().list_inbox(1)->empty());
}

}  // namespace
}  // namespace darkroom::conformance
