// The tests of the suite. Nothing here knows which store it runs against.
#include "tests/conformance/object_store_suite.h"

#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "tests/conformance/object_bytes.h"

namespace darkroom::conformance {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ObjectStoreSuite);

namespace {

using core::ObjectKey;
using ports::ObjectError;
using ports::ObjectErrorKind;

const ObjectKey picture = ObjectKey::uploaded(numbered<UploadId>(1), "jpg");

ObjectKey output(std::uint8_t job, std::uint8_t attempt, std::string_view role = "main") {
    return ObjectKey::restored(numbered<JobId>(job), numbered<AttemptId>(attempt), role, "png");
}

std::filesystem::path written(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
}

}  // namespace

TEST_P(ObjectStoreSuite, WhatWasPutIsReadBackWithItsSizeAndDigest) {
    for (const std::size_t size : {0u, 1u, 65'535u, 65'536u, 65'537u, 131'071u, 131'073u, 8u << 20}) {
        SCOPED_TRACE(size);
        const auto bytes = pattern(size);
        const auto put = put_bytes(store(), picture, bytes);
        ASSERT_TRUE(put.ok()) << put.error().detail;
        EXPECT_EQ(put->bytes, size);
        EXPECT_EQ(put->sha256, sha256_hex(bytes));

        const auto head = store().head(picture);
        ASSERT_TRUE(head.ok());
        EXPECT_EQ(head->bytes, size);

        auto reader = store().open(picture);
        ASSERT_TRUE(reader.ok());
        EXPECT_EQ((*reader)->bytes(), size);
        const auto read = read_all(**reader);
        ASSERT_TRUE(read.ok());
        EXPECT_TRUE(*read == bytes);
        std::string more(10, '\0');
        EXPECT_EQ((*reader)->read(more).value(), 0u);  // the end stays the end
    }
}

TEST_P(ObjectStoreSuite, EveryKindOfKeyIsAnObjectOfItsOwn) {
    const std::vector<ObjectKey> keys = {picture,
                                         ObjectKey::uploaded(numbered<UploadId>(1), "png"),
                                         output(1, 1),
                                         output(1, 1, "mask"),
                                         output(1, 2),
                                         output(2, 1),
                                         ObjectKey::thumbnail(numbered<JobId>(1)),
                                         ObjectKey::thumbnail(numbered<JobId>(2))};
    for (const auto& key : keys) ASSERT_TRUE(put_bytes(store(), key, "I am " + key.str()).ok());
    for (const auto& key : keys) EXPECT_EQ(read_all(store(), key).value(), "I am " + key.str());
}

TEST_P(ObjectStoreSuite, APutReplacesWhatWasThere) {
    ASSERT_TRUE(put_bytes(store(), picture, pattern(100'000, 1)).ok());
    ASSERT_TRUE(put_bytes(store(), picture, pattern(10, 2)).ok());
    EXPECT_EQ(read_all(store(), picture).value(), pattern(10, 2));
}

TEST_P(ObjectStoreSuite, PuttingTheSameAgainChangesNothing) {
    const auto first = put_bytes(store(), picture, pattern(70'000));
    const auto again = put_bytes(store(), picture, pattern(70'000));
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_EQ(first->sha256, again->sha256);
    EXPECT_EQ(read_all(store(), picture).value(), pattern(70'000));
}

TEST_P(ObjectStoreSuite, AnObjectReplacedWhileBeingReadIsReadToItsOldEnd) {
    const auto old = pattern(300'000, 1);
    ASSERT_TRUE(put_bytes(store(), picture, old).ok());
    auto reader = store().open(picture);
    ASSERT_TRUE(reader.ok());
    std::string begin(1'000, '\0');
    const auto got = (*reader)->read(begin);
    ASSERT_TRUE(got.ok() && *got > 0);
    begin.resize(*got);

    ASSERT_TRUE(put_bytes(store(), picture, pattern(500'000, 2)).ok());
    const auto rest = read_all(**reader);
    ASSERT_TRUE(rest.ok());
    EXPECT_TRUE(begin + *rest == old);
    EXPECT_TRUE(read_all(store(), picture).value() == pattern(500'000, 2));
}

TEST_P(ObjectStoreSuite, ASourceThatFailsLeavesNothingAndItsErrorIsHandedOn) {
    for (const std::size_t size : {0u, 1u, 200'000u}) {
        SCOPED_TRACE(size);
        BytesSource source(pattern(size), ObjectError{ObjectErrorKind::denied, "the source broke"});
        const auto put = store().put(output(1, 1), source);
        ASSERT_FALSE(put.ok());
        EXPECT_EQ(put.error().kind, ObjectErrorKind::denied);
        EXPECT_EQ(put.error().detail, "the source broke");
        ASSERT_FALSE(store().head(output(1, 1)).ok());
        EXPECT_EQ(store().head(output(1, 1)).error().kind, ObjectErrorKind::missing);
    }
}

TEST_P(ObjectStoreSuite, ASourceThatFailsLeavesTheObjectThatWasThere) {
    ASSERT_TRUE(put_bytes(store(), picture, "the old one").ok());
    BytesSource source(pattern(200'000), ObjectError{ObjectErrorKind::unavailable, "cut"});
    ASSERT_FALSE(store().put(picture, source).ok());
    EXPECT_EQ(read_all(store(), picture).value(), "the old one");
}

TEST_P(ObjectStoreSuite, WhatWasNeverPutIsMissing) {
    for (const auto& key : {picture, output(9, 9), ObjectKey::thumbnail(numbered<JobId>(9))}) {
        SCOPED_TRACE(key.str());
        const auto open = store().open(key);
        ASSERT_FALSE(open.ok());
        EXPECT_EQ(open.error().kind, ObjectErrorKind::missing);
        const auto head = store().head(key);
        ASSERT_FALSE(head.ok());
        EXPECT_EQ(head.error().kind, ObjectErrorKind::missing);
        EXPECT_NE(head.error().detail, "");
    }
}

TEST_P(ObjectStoreSuite, RemovingTwiceOrWhatNeverWasIsASuccess) {
    ASSERT_TRUE(put_bytes(store(), output(1, 1), "x").ok());
    EXPECT_TRUE(store().remove(output(1, 1)).ok());
    EXPECT_TRUE(store().remove(output(1, 1)).ok());
    EXPECT_TRUE(store().remove(output(7, 7)).ok());
    EXPECT_EQ(store().open(output(1, 1)).error().kind, ObjectErrorKind::missing);
}

TEST_P(ObjectStoreSuite, RemovingOneOutputLeavesTheOthersOfTheJob) {
    ASSERT_TRUE(put_bytes(store(), output(1, 1), "main").ok());
    ASSERT_TRUE(put_bytes(store(), output(1, 1, "mask"), "mask").ok());
    ASSERT_TRUE(store().remove(output(1, 1)).ok());
    EXPECT_EQ(read_all(store(), output(1, 1, "mask")).value(), "mask");
    ASSERT_TRUE(store().remove(output(1, 1, "mask")).ok());
    ASSERT_TRUE(put_bytes(store(), output(1, 1), "again").ok());
    EXPECT_EQ(read_all(store(), output(1, 1)).value(), "again");
}

TEST_P(ObjectStoreSuite, AFileIsTakenOverWithItsSizeAndDigest) {
    for (const std::size_t size : {0u, 1u, 65'537u, 1u << 20}) {
        SCOPED_TRACE(size);
        const auto bytes = pattern(size, 3);
        const auto put = store().put_file(output(1, 1), written(scratch() / "out.png", bytes));
        ASSERT_TRUE(put.ok()) << put.error().detail;
        EXPECT_EQ(put->bytes, size);
        EXPECT_EQ(put->sha256, sha256_hex(bytes));
        EXPECT_TRUE(read_all(store(), output(1, 1)).value() == bytes);
    }
}

TEST_P(ObjectStoreSuite, AFileThatIsNotThereStoresNothing) {
    ASSERT_TRUE(put_bytes(store(), picture, "the old one").ok());
    EXPECT_FALSE(store().put_file(picture, scratch() / "nowhere.png").ok());
    EXPECT_EQ(read_all(store(), picture).value(), "the old one");
}

TEST_P(ObjectStoreSuite, ManyPutsOfOneKeyAtOnceEndInOneWholeObject) {
    std::set<std::string> digests;
    for (std::uint32_t i = 0; i < 32; ++i) digests.insert(sha256_hex(pattern(20'000 + 7'000 * i, i)));
    ASSERT_TRUE(put_bytes(store(), output(1, 1), pattern(20'000, 0)).ok());

    std::vector<std::thread> threads;
    for (std::uint32_t writer = 0; writer < 4; ++writer) {
        threads.emplace_back([this, writer] {
            for (std::uint32_t i = writer; i < 32; i += 4) {
                EXPECT_TRUE(put_bytes(store(), output(1, 1), pattern(20'000 + 7'000 * i, i)).ok());
            }
        });
    }
    for (int i = 0; i < 50; ++i) {
        const auto seen = read_all(store(), output(1, 1));
        EXPECT_TRUE(seen.ok() && digests.contains(sha256_hex(*seen)));
    }
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(digests.contains(sha256_hex(read_all(store(), output(1, 1)).value())));
}

TEST_P(ObjectStoreSuite, PutsAndRemovesOfOneJobAtOnceNeverFail) {
    std::thread remover([this] {
        for (int i = 0; i < 200; ++i) EXPECT_TRUE(store().remove(output(1, 1)).ok());
    });
    for (int i = 0; i < 100; ++i) {
        const auto put = put_bytes(store(), output(1, 1), "x");
        EXPECT_TRUE(put.ok()) << put.error().detail;
    }
    remover.join();
    ASSERT_TRUE(put_bytes(store(), output(1, 1), "the last").ok());
    EXPECT_EQ(read_all(store(), output(1, 1)).value(), "the last");
}

}  // namespace darkroom::conformance
