#include "store/postgres/pg_failure.h"

#include <gtest/gtest.h>

namespace darkroom::store {
namespace {

using ports::StoreErrorKind;

TEST(PostgresFailure, AStateSaysWhatToDo) {
    struct Case {
        const char* state;
        StoreErrorKind kind;
        bool try_again;
    };
    for (const auto& [state, kind, try_again] : {
             Case{"53100", StoreErrorKind::full, false},         // disk full
             Case{"53200", StoreErrorKind::unavailable, false},  // out of memory
             Case{"53300", StoreErrorKind::unavailable, false},  // too many connections
             Case{"40001", StoreErrorKind::unavailable, true},   // serialisation failure
             Case{"40P01", StoreErrorKind::unavailable, true},   // deadlock
             Case{"23505", StoreErrorKind::unavailable, true},   // a key that is taken
             Case{"55P03", StoreErrorKind::unavailable,
                  false},  // a lock not got in time: others waited as long
             Case{"57014", StoreErrorKind::unavailable, false},  // statement timeout
             Case{"57P01", StoreErrorKind::unavailable, true},   // the server stops
             Case{"57P03", StoreErrorKind::unavailable, true},   // it starts
             Case{"08006", StoreErrorKind::unavailable, true},   // connection failure
             Case{"25006", StoreErrorKind::unavailable, true},   // a standby
             Case{"0A000", StoreErrorKind::unavailable, true},   // a plan that does not fit any more
             Case{"58030", StoreErrorKind::broken, false},       // a disk error
             Case{"XX001", StoreErrorKind::broken, false},       // damage
             Case{"XX002", StoreErrorKind::broken, false},
             Case{"42601", StoreErrorKind::unavailable, false},
             Case{"", StoreErrorKind::unavailable, false},
         }) {
        const auto failure = pg_failure(state, "words", "SELECT 1");
        EXPECT_EQ(failure.kind(), kind) << state;
        EXPECT_EQ(failure.try_again(), try_again) << state;
    }
}

TEST(PostgresFailure, TheOperatorReadsWhatFailedWithoutItsWholeText) {
    const std::string what = pg_failure("53100", "could not extend file", std::string(1'000, 'x')).what();
    EXPECT_NE(what.find("could not extend file (Postgres 53100)"), std::string::npos);
    EXPECT_LT(what.size(), 250u);
}

TEST(PostgresFailure, ASessionThatIsToldToEndIsNotUsedAgain) {
    for (const auto* const state : {"57P01", "57P02", "57P05", "08006", "25006"})
        EXPECT_TRUE(ends_connection(state)) << state;
    for (const auto* const state : {"57014", "40001", "53100", "25P02"})
        EXPECT_FALSE(ends_connection(state)) << state;
}

}  // namespace
}  // namespace darkroom::store
