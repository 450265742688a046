// Every key that Darkroom can make is taken apart into the ids that it was made from.
#include "store/sql/key_parts.h"

#include <gtest/gtest.h>

namespace darkroom::store {
namespace {

using core::ObjectKey;

TEST(KeyParts, AreTheIdsThatAKeyWasMadeFrom) {
    const auto upload = UploadId::from_random({1});
    const auto job = JobId::from_random({2});
    const auto attempt = AttemptId::from_random({3});
    EXPECT_EQ(parts_of(ObjectKey::uploaded(upload, "jpg")).kind, KeyKind::uploaded);
    EXPECT_EQ(parts_of(ObjectKey::uploaded(upload, "jpg")).upload(), upload);
    for (const auto& key : ObjectKey::all_restored(job, attempt)) {
        EXPECT_EQ(parts_of(key).kind, KeyKind::restored);
        EXPECT_EQ(parts_of(key).job(), job);
        EXPECT_EQ(parts_of(key).attempt, attempt.bytes());
    }
    EXPECT_EQ(parts_of(ObjectKey::thumbnail(job)).kind, KeyKind::thumbnail);
    EXPECT_EQ(parts_of(ObjectKey::thumbnail(job)).job(), job);
    EXPECT_EQ(parts_of(ObjectKey::thumbnail(job)).attempt, UuidBytes{});
    EXPECT_EQ(parts_of(ObjectKey::thumbnail(job, attempt)).kind, KeyKind::thumbnail);
    EXPECT_EQ(parts_of(ObjectKey::thumbnail(job, attempt)).job(), job);
    EXPECT_EQ(parts_of(ObjectKey::thumbnail(job, attempt)).attempt, attempt.bytes());
    EXPECT_EQ(parts_of(ObjectKey::worker_input(job, "png")).kind, KeyKind::worker_input);
    EXPECT_EQ(parts_of(ObjectKey::worker_input(job, "png")).job(), job);
    EXPECT_EQ(parts_of(ObjectKey::probe(upload)).kind, KeyKind::probe);
    EXPECT_EQ(parts_of(ObjectKey::probe(upload)).upload(), upload);
}

TEST(KeyParts, TheEmptyKeyIsNothing) { EXPECT_EQ(parts_of(ObjectKey()).kind, KeyKind::nothing); }

// A folder that the core learns must be learned here too, or its objects could never be told apart.
TEST(KeyParts, EveryFolderOfTheCoreIsKnown) { EXPECT_EQ(ObjectKey::prefixes().size(), 6u); }

}  // namespace
}  // namespace darkroom::store
