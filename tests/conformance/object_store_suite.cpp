// The tests of the suite. Nothing here knows which store it runs against.
#include "tests/conformance/object_store_suite.h"

#include <fstream>
#include <map>
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
                const auto put = put_bytes(store(), output(1, 1), pattern(20'000 + 7'000 * i, i));
                EXPECT_TRUE(put.ok()) << put.error().detail;
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

TEST_P(ObjectStoreSuite, APartOfAnObjectIsReadByItself) {
    const auto bytes = pattern(300'000);
    ASSERT_TRUE(put_bytes(store(), picture, bytes).ok());
    const auto part = [&](std::uint64_t offset, std::optional<std::uint64_t> length) {
        auto reader = store().open(picture, {.offset = offset, .length = length, .version = ""});
        EXPECT_TRUE(reader.ok());
        EXPECT_EQ((*reader)->bytes(), bytes.size());  // of the whole
        return read_all(**reader).value();
    };
    EXPECT_TRUE(part(0, std::nullopt) == bytes);
    EXPECT_TRUE(part(100'000, std::nullopt) == bytes.substr(100'000));
    EXPECT_TRUE(part(100'000, 70'001) == bytes.substr(100'000, 70'001));
    EXPECT_TRUE(part(299'999, 10) == bytes.substr(299'999));
    EXPECT_EQ(part(300'000, std::nullopt), "");
    EXPECT_EQ(part(900'000, 5), "");
    EXPECT_EQ(part(5, 0), "");
}

TEST_P(ObjectStoreSuite, AVersionNamesTheBytesOfOnePut) {
    const auto first = put_bytes(store(), picture, pattern(1'000, 1));
    ASSERT_TRUE(first.ok());
    EXPECT_NE(first->version, "");
    EXPECT_EQ(store().head(picture).value().version, first->version);
    ASSERT_TRUE(store().open(picture, {.offset = 0, .length = {}, .version = first->version}).ok());

    const auto second = put_bytes(store(), picture, pattern(1'000, 2));  // as long as the first
    ASSERT_TRUE(second.ok());
    EXPECT_NE(second->version, first->version);
    for (const std::uint64_t offset : {0u, 500u}) {
        const auto old = store().open(picture, {.offset = offset, .length = {}, .version = first->version});
        ASSERT_FALSE(old.ok());
        EXPECT_EQ(old.error().kind, ObjectErrorKind::changed);
    }
    auto current = store().open(picture, {.offset = 0, .length = {}, .version = second->version});
    ASSERT_TRUE(current.ok());
    EXPECT_EQ(read_all(**current).value(), pattern(1'000, 2));
}

TEST_P(ObjectStoreSuite, AFileTakenOverHasAVersionToo) {
    const auto put = store().put_file(output(1, 1), written(scratch() / "out.png", pattern(5'000)));
    ASSERT_TRUE(put.ok());
    EXPECT_EQ(store().head(output(1, 1)).value().version, put->version);
}

TEST_P(ObjectStoreSuite, ACopyIsAnObjectOfItsOwn) {
    ASSERT_TRUE(put_bytes(store(), picture, pattern(100'000, 1)).ok());
    ASSERT_TRUE(put_bytes(store(), output(1, 1), "what was there").ok());
    const auto copied = store().copy(picture, output(1, 1));
    ASSERT_TRUE(copied.ok()) << copied.error().detail;
    EXPECT_EQ(store().head(output(1, 1)).value().bytes, 100'000u);
    ASSERT_TRUE(store().remove(picture).ok());
    EXPECT_TRUE(read_all(store(), output(1, 1)).value() == pattern(100'000, 1));
    const auto nothing = store().copy(picture, output(1, 2));
    ASSERT_FALSE(nothing.ok());
    EXPECT_EQ(nothing.error().kind, ObjectErrorKind::missing);
    EXPECT_FALSE(store().head(output(1, 2)).ok());
}

TEST_P(ObjectStoreSuite, ManyAreRemovedAtOnceThereOrNot) {
    std::vector<ObjectKey> keys;
    for (std::uint8_t job = 1; job <= 20; ++job) {
        keys.push_back(output(job, 1));
        if (job % 2 == 0) {
            ASSERT_TRUE(put_bytes(store(), keys.back(), "x").ok());
        }
    }
    ASSERT_TRUE(put_bytes(store(), output(30, 1), "stays").ok());
    ASSERT_TRUE(store().remove_many(keys).ok());
    for (const auto& key : keys) EXPECT_EQ(store().head(key).error().kind, ObjectErrorKind::missing);
    EXPECT_EQ(read_all(store(), output(30, 1)).value(), "stays");
    EXPECT_TRUE(store().remove_many({}).ok());
}

TEST_P(ObjectStoreSuite, EveryObjectBelowAFolderIsListedOnce) {
    std::map<std::string, std::uint64_t> expected;
    for (std::uint8_t job = 1; job <= 12; ++job) {
        for (const auto* role : {"main", "mask"}) {
            const auto key = output(job, 1, role);
            ASSERT_TRUE(put_bytes(store(), key, std::string(job, 'x')).ok());
            expected[key.str()] = job;
        }
    }
    ASSERT_TRUE(put_bytes(store(), picture, "in another folder").ok());
    for (const int count_max : {1, 5, 1'000}) {
        std::map<std::string, std::uint64_t> listed;
        std::string page;
        int pages = 0;
        do {
            const auto found = store().list("restored/", page, count_max);
            ASSERT_TRUE(found.ok()) << found.error().detail;
            for (const auto& object : found->objects) {
                EXPECT_TRUE(listed.emplace(object.key, object.bytes).second) << object.key << " twice";
                EXPECT_GT(object.modified_at, TimePoint{});
            }
            page = found->next;
            ASSERT_LT(++pages, 100);
        } while (!page.empty());
        EXPECT_EQ(listed, expected) << count_max;
    }
    const auto deeper = store().list("restored/" + numbered<JobId>(3).str() + "/", "", 1'000);
    ASSERT_TRUE(deeper.ok());
    EXPECT_EQ(deeper->objects.size(), 2u);
}

TEST_P(ObjectStoreSuite, AFolderWithoutObjectsListsNothing) {
    for (const auto prefix : ObjectKey::prefixes()) {
        const auto found = store().list(prefix, "", 1'000);
        ASSERT_TRUE(found.ok()) << found.error().detail;
        EXPECT_TRUE(found->objects.empty());
        EXPECT_EQ(found->next, "");
    }
}

TEST_P(ObjectStoreSuite, FinishedPutsAreNotTakenForUnfinishedOnes) {
    ASSERT_TRUE(put_bytes(store(), picture, pattern(9u << 20)).ok());
    const auto far_ahead = from_unix_ms(4'102'444'800'000);  // 2100-01-01
    EXPECT_EQ(store().remove_unfinished(far_ahead, true).value(), 0);
    EXPECT_EQ(store().remove_unfinished(far_ahead, false).value(), 0);
    EXPECT_EQ(store().head(picture).value().bytes, 9u << 20);
}

}  // namespace darkroom::conformance
