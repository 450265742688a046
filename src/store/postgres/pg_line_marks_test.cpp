// The bounds that spare a claim what is gone must never spare it what is there.
#include "store/postgres/pg_store_fixture.h"

namespace darkroom::store {
namespace {

class LineMarks : public PgStoreTest {
protected:
    void SetUp() override {
        PgStoreTest::SetUp();
        if (IsSkipped()) return;
        ASSERT_NE(open(named("one")), nullptr);
        session().run("INSERT INTO lanes VALUES ('local', 5000)");
        put_in_line(6'000);
        PgSettings settings;
        settings.url = url();
        db_ = std::make_unique<PgDatabase>(settings, PgDatabase::Use::write);
        db_->ensure_connected(Milliseconds(20'000));
    }

    static std::string place(std::int64_t vt) {
        return "INSERT INTO ready (backend, vt, job_seq, user_id, rank) VALUES ('local', " +
               std::to_string(vt) + ", " + std::to_string(vt) + ", 'ann', 0)";
    }
    void put_in_line(std::int64_t vt) { session().run(place(vt)); }

    /// As the next claim has it.
    std::int64_t mark() {
        db_->begin();
        const auto mark = db_->line_mark("local");
        db_->commit();
        return mark;
    }

    std::unique_ptr<PgDatabase> db_;
};

TEST_F(LineMarks, TheLineBeginsWhereTheLastClaimWas) {
    EXPECT_EQ(mark(), std::numeric_limits<std::int64_t>::min()) << "the first look is at all of the line";
    EXPECT_TRUE(becomes_true([&] { return mark() == 5'000; }));
}

// Without a claim nobody knows of any time: who comes with a great weight may stand before the first.
TEST_F(LineMarks, BeforeAnyClaimTheLineBeginsAtTheBeginning) {
    session().run("DELETE FROM lanes");
    for (int i = 0; i < 4; ++i) EXPECT_LE(mark(), 0);
}

TEST_F(LineMarks, WhoWasOnHisWayIsNotPassedOver) {
    auto late = session();
    late.run("BEGIN");
    late.run(place(101));  // knew of an earlier time
    for (int i = 0; i < 4; ++i) EXPECT_LT(mark(), 101) << "he may still come";
    late.run("COMMIT");
    for (int i = 0; i < 4; ++i) EXPECT_LE(mark(), 101) << "he is there";
    EXPECT_EQ(mark(), 101);
    session().run("DELETE FROM ready WHERE vt = 101");
    EXPECT_TRUE(becomes_true([&] { return mark() == 5'000; }));
}

TEST_F(LineMarks, AfterALostConnectionNothingIsKnown) {
    ASSERT_TRUE(becomes_true([&] { return mark() == 5'000; }));
    db_->disconnect();
    db_->ensure_connected(Milliseconds(20'000));
    EXPECT_LT(mark(), 5'000);
}

}  // namespace
}  // namespace darkroom::store
