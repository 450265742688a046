// What nodes tell each other reaches them, also when a connection fails in the middle of telling.
#include "store/postgres/bell.h"

#include <set>

#include "store/postgres/pg_store_fixture.h"

namespace darkroom::store {
namespace {

struct Ear : ports::StoreListener {
    void jobs_ready() override {}
    void job_changed(const JobId& job) override {
        const std::lock_guard lock(mutex);
        jobs.insert(job);
    }
    bool has_heard_of(const JobId& job) {
        const std::lock_guard lock(mutex);
        return jobs.count(job) == 1;
    }
    std::mutex mutex;
    std::set<JobId> jobs;
};

class BellTest : public PgStoreTest {
protected:
    struct Side {
        explicit Side(const PgSettings& settings) : bell(settings, Milliseconds(60'000)) {
            bell.set_listener(&ear);
            bell.start();
        }
        Ear ear;
        Bell bell;
    };
    std::unique_ptr<Side> side() const {
        PgSettings settings;
        settings.url = url();
        return std::make_unique<Side>(settings);
    }
    JobId tell(Side& side) {
        News news;
        news.changed.push_back(random_.id<JobId>());
        side.bell.ring(news);
        return news.changed[0];
    }
    /// Until both listen: what is told before nobody hears.
    void introduce(Side& one, Side& other) {
        const auto heard = [this](Side& from, Side& to) {
            return becomes_true([&] {
                const auto job = tell(from);
                return becomes_true([&] { return to.ear.has_heard_of(job); }, Milliseconds(200));
            });
        };
        ASSERT_TRUE(heard(one, other) && heard(other, one));
    }
};

TEST_F(BellTest, WhatCouldNotBeToldIsToldOnTheNextConnection) {
    const auto one = side();
    const auto other = side();
    introduce(*one, *other);
    auto admin = session();
    admin.run("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_notify(text, text) FROM PUBLIC");
    const auto sessions = [&] {
        return value(
            "SELECT string_agg(CAST(pid AS text), ',' ORDER BY pid) FROM pg_stat_activity WHERE usename ="
            " 'darkroom' AND datname = current_database()");
    };
    const auto before = sessions();
    const auto job = tell(*one);
    EXPECT_TRUE(becomes_true([&] { return sessions() != before; }));  // it has failed
    admin.run("GRANT EXECUTE ON FUNCTION pg_catalog.pg_notify(text, text) TO PUBLIC");
    EXPECT_TRUE(becomes_true([&] { return other->ear.has_heard_of(job); }));
}

TEST_F(BellTest, WhoWasHeardAMomentAgoIsToldAlthoughAnOlderListOfNodesLacksIt) {
    const auto one = side();
    const auto other = side();
    introduce(*one, *other);
    one->bell.set_others(false);
    const auto job = tell(*one);
    EXPECT_TRUE(becomes_true([&] { return other->ear.has_heard_of(job); }));
}

}  // namespace
}  // namespace darkroom::store
