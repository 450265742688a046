#include "ports/object_store_around.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unused_object_store.h"

namespace darkroom::ports {
namespace {

using ::testing::ElementsAre;

core::ObjectKey key_of(char last) {
    return core::ObjectKey::thumbnail(
        *JobId::parse(std::string("00000000-0000-4000-8000-00000000000") + last));
}

// Writes down what it is asked, and answers something.
class Asked : public darkroom::testing::UnusedObjectStore {
public:
    ObjectStoreCapabilities capabilities() const override { return {.put_bytes_max = 7}; }
    ObjectResult<ObjectInfo> put(const core::ObjectKey& key, ByteSource& source) override {
        std::array<char, 8> buffer{};
        const auto bytes = *source.read(buffer);
        return heard("put " + name(key) + " " + std::string(buffer.data(), bytes));
    }
    ObjectResult<ObjectInfo> put_file(const core::ObjectKey& key,
                                      const std::filesystem::path& file) override {
        return heard("put_file " + name(key) + " " + file.string());
    }
    ObjectResult<std::unique_ptr<ObjectReader>> open(const core::ObjectKey& key,
                                                     const OpenOptions& options) override {
        (void)heard("open " + name(key) + " " + std::to_string(options.offset) + " " + options.version);
        return Fail(ObjectError{ObjectErrorKind::changed, ""});
    }
    ObjectResult<ObjectInfo> head(const core::ObjectKey& key) override { return heard("head " + name(key)); }
    ObjectResult<ObjectInfo> copy(const core::ObjectKey& from, const core::ObjectKey& to) override {
        return heard("copy " + name(from) + " to " + name(to));
    }
    ObjectResult<void> remove(const core::ObjectKey& key) override {
        (void)heard("remove " + name(key));
        return {};
    }
    ObjectResult<void> remove_many(std::span<const core::ObjectKey> keys) override {
        (void)heard("remove_many " + std::to_string(keys.size()));
        return {};
    }
    ObjectResult<ObjectPage> list(std::string_view prefix, const std::string& page, int count_max) override {
        (void)heard("list " + std::string(prefix) + " " + page + " " + std::to_string(count_max));
        return ObjectPage{{}, "after"};
    }
    ObjectResult<int> remove_unfinished(TimePoint begun_before, bool dry_run) override {
        (void)heard("remove_unfinished " + std::to_string(to_unix_ms(begun_before)) +
                    (dry_run ? " dry" : ""));
        return 3;
    }
    PresignedRequest presign_get(const core::ObjectKey& key, const PresignGet& what) const override {
        return {.url = "get " + name(key) + " " + what.file_name, .headers = {}, .expires_at = {}};
    }
    PresignedRequest presign_put(const core::ObjectKey& key, const PresignPut& what) const override {
        return {.url = "put " + name(key) + " " + what.content_type, .headers = {}, .expires_at = {}};
    }

    std::vector<std::string> questions;

private:
    static std::string name(const core::ObjectKey& key) { return std::string(1, key.str()[46]); }
    ObjectInfo heard(std::string question) {
        questions.push_back(std::move(question));
        return {.bytes = questions.size(), .sha256 = {}, .version = {}, .modified_at = {}};
    }
};

class Gate : public ObjectStoreAround {
public:
    using ObjectStoreAround::ObjectStoreAround;
    bool closed = false;
    std::vector<ObjectCall> calls;
    std::vector<std::optional<ObjectErrorKind>> ends;

private:
    std::optional<ObjectError> around(ObjectCall call, const Ask& ask) override {
        calls.push_back(call);
        if (closed) return ObjectError{ObjectErrorKind::denied, "closed"};
        ends.push_back(ask());
        return std::nullopt;
    }
};

struct Word : ByteSource {
    ObjectResult<std::size_t> read(std::span<char> buffer) override {
        return std::string("bytes").copy(buffer.data(), buffer.size());
    }
};

class StoreAround : public ::testing::Test {
protected:
    /// All of them, in the order of ObjectCall; whether each went well.
    std::vector<bool> all_calls() {
        Word word;
        const std::vector<core::ObjectKey> keys{key_of('1'), key_of('2')};
        return {gate.put(key_of('1'), word).ok(),
                gate.put_file(key_of('2'), "/file").ok(),
                gate.open(key_of('3'), {.offset = 5, .length = {}, .version = "v"}).ok(),
                gate.head(key_of('4')).ok(),
                gate.copy(key_of('5'), key_of('6')).ok(),
                gate.remove(key_of('7')).ok(),
                gate.remove_many(keys).ok(),
                gate.list("uploaded/", "page", 9).ok(),
                gate.remove_unfinished(TimePoint(Milliseconds(12)), true).ok()};
    }

    Asked behind;
    Gate gate{behind};
};

TEST_F(StoreAround, AsksTheOneBehindWhatItWasAskedAndGivesItsAnswer) {
    EXPECT_THAT(all_calls(), ElementsAre(true, true, false, true, true, true, true, true, true));
    EXPECT_THAT(behind.questions, ElementsAre("put 1 bytes", "put_file 2 /file", "open 3 5 v", "head 4",
                                              "copy 5 to 6", "remove 7", "remove_many 2",
                                              "list uploaded/ page 9", "remove_unfinished 12 dry"));
    EXPECT_EQ(gate.open(key_of('3')).error().kind, ObjectErrorKind::changed);
    EXPECT_EQ(gate.head(key_of('4'))->bytes, 11U) << "the answer to the eleventh question";
    EXPECT_EQ(gate.list("", "", 1)->next, "after");
    EXPECT_EQ(*gate.remove_unfinished({}, false), 3);
    EXPECT_EQ(gate.capabilities().put_bytes_max, 7U);
    EXPECT_EQ(gate.presign_get(key_of('1'), {.content_type = {}, .file_name = "a", .life = {}}).url,
              "get 1 a");
    EXPECT_EQ(gate.presign_put(key_of('2'), {.content_type = "b", .bytes = {}, .life = {}}).url, "put 2 b");
}

TEST_F(StoreAround, TellsInOnePlaceWhichCallItIsAndHowItEnded) {
    (void)all_calls();
    EXPECT_THAT(gate.calls, ElementsAre(ObjectCall::put, ObjectCall::put, ObjectCall::open, ObjectCall::head,
                                        ObjectCall::copy, ObjectCall::remove, ObjectCall::remove_many,
                                        ObjectCall::list, ObjectCall::remove_unfinished));
    EXPECT_EQ(gate.ends.size(), gate.calls.size());
    EXPECT_EQ(gate.ends[2], ObjectErrorKind::changed);
    EXPECT_EQ(gate.ends[3], std::nullopt);
}

TEST_F(StoreAround, AsksNothingWhereItIsRefused) {
    gate.closed = true;
    EXPECT_THAT(all_calls(), ::testing::Each(false));
    EXPECT_TRUE(behind.questions.empty());
    EXPECT_EQ(gate.head(key_of('4')).error().detail, "closed");
}

}  // namespace
}  // namespace darkroom::ports
