// Method: seeded histories of puts, copies, removals and reads of few keys, so that they meet, while a third
// of all requests meets a fault. What is read must be what the last success left, or, where an operation has
// failed, what it found or what it wanted; nothing else, and never a mixture.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <random>
#include <set>

#include "tests/s3/s3_fixture.h"

namespace darkroom::s3 {
namespace {

constexpr const char* nothing = "(nothing)";
constexpr std::size_t part = 5u << 20;

class RandomFaultsTest : public S3Test {
protected:
    void plan_faults(std::uint32_t seed) {
        const auto one_in = [seed](std::uint32_t count) {
            return [count, random = std::make_shared<std::minstd_rand>(seed + count)](const auto&) {
                return (*random)() % count == 0;
            };
        };
        Fault cut_request;
        cut_request.cut_request = Fault::Cut{5'000, Fault::End::reset};
        Fault cut_reply;
        cut_reply.cut_reply = Fault::Cut{20'000, Fault::End::close};
        Fault twice;
        twice.duplicate = true;
        Fault late;
        late.jitter = Milliseconds(10);
        const auto always = FaultProxy::always;
        proxy_.plan(Fault::cut_before_reply(), always, one_in(13));
        proxy_.plan(Fault::cut_before_reply(Fault::End::reset), always, one_in(17));
        proxy_.plan(Fault::answer_with(503, {}, error_body("SlowDown")), always, one_in(15));
        proxy_.plan(Fault::answer_with(500, {}, ""), always, one_in(19));
        proxy_.plan(cut_request, always, one_in(14));
        proxy_.plan(cut_reply, always, one_in(11));
        proxy_.plan(twice, always, one_in(16));
        proxy_.plan(late, always, one_in(5));
    }
    static ObjectKey key(std::uint_fast32_t number) {
        return ObjectKey::uploaded(numbered<UploadId>(static_cast<std::uint8_t>(number % 3)), "jpg");
    }
    /// What is there, by its digest.
    std::string seen(const ObjectKey& key) {
        const auto read = read_all(*store_, key);
        if (read.ok()) return conformance::sha256_hex(*read);
        return read.error().kind == ObjectErrorKind::missing ? nothing : "";  // "" = it could not be told
    }
    void step(std::mt19937& random);

    StoreAt store_{[this] {
        auto settings = proxied_settings();
        settings.part_bytes = settings.single_put_bytes = part;
        settings.tries_max = 2;  // so that operations fail
        return settings;
    }()};
    std::map<ObjectKey, std::set<std::string>> may_be_;  // digests
    int failures_ = 0;
};

void RandomFaultsTest::step(std::mt19937& random) {
    const auto at = key(random());
    auto& may_be = may_be_.try_emplace(at, std::set<std::string>{nothing}).first->second;
    const auto wanted = [&](const std::set<std::string>& digests, bool ok) {
        failures_ += ok ? 0 : 1;
        if (ok) may_be.clear();
        may_be.insert(digests.begin(), digests.end());
    };
    switch (random() % 5) {
        case 0: {
            const auto size = random() % 100'000;
            const auto bytes = pattern(size, static_cast<std::uint32_t>(random()));
            wanted({conformance::sha256_hex(bytes)}, put_bytes(*store_, at, bytes).ok());
            break;
        }
        case 1: {
            const auto size = part + random() % 100'000;
            const auto bytes = pattern(size, static_cast<std::uint32_t>(random()));
            wanted({conformance::sha256_hex(bytes)}, store_->put_file(at, file("f", bytes)).ok());
            break;
        }
        case 2: {
            const auto from = key(random());
            const auto source = may_be_.try_emplace(from, std::set<std::string>{nothing}).first->second;
            if (from == at) break;
            const auto copied = store_->copy(from, at);
            if (!copied && copied.error().kind == ObjectErrorKind::missing) {
                EXPECT_TRUE(source.contains(nothing));
                break;
            }
            auto copies = source;
            copies.erase(nothing);
            wanted(copies, copied.ok());
            break;
        }
        case 3:
            wanted({nothing}, store_->remove(at).ok());
            break;
        default: {
            const auto digest = seen(at);
            EXPECT_TRUE(digest.empty() || may_be.contains(digest)) << at.str() << " is " << digest;
            if (!digest.empty() && may_be.contains(digest)) may_be = {digest};
        }
    }
}

TEST_F(RandomFaultsTest, NothingIsEverReadThatWasNotPut) {
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        proxy_.behave();
        plan_faults(seed);
        for (int i = 0; i < 60; ++i) step(random);
        proxy_.behave();
        for (auto& [key, may_be] : may_be_) {
            const auto digest = seen(key);
            EXPECT_TRUE(may_be.contains(digest)) << key.str() << " is " << digest;
            may_be = {digest};
        }
    }
    std::printf("%d of 180 operations failed, %zu requests\n", failures_, proxy_.requests().size());
    EXPECT_GT(failures_, 0);
    EXPECT_LT(failures_, 90);  // most succeed in spite of everything
    EXPECT_GT(proxy_.requests().size(), 300u);
}

}  // namespace
}  // namespace darkroom::s3
