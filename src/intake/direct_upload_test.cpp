// Pictures that clients put into the store themselves, as far as Intake has to do with them; what the store
// itself refuses is tests/s3's.
#include <thread>
#include <vector>

#include "intake/intake_fixture.h"
#include "tests/support/upload_world.h"

namespace darkroom::intake {
namespace {

using core::ErrorCode;
using darkroom::testing::jpeg_header;
using darkroom::testing::png_header;

class DirectUploads : public IntakeFixture<darkroom::testing::UploadWorld> {
protected:
    core::Upload open(const std::string& type = "image/png", std::uint64_t bytes = 0) {
        const auto direct = intake().open_direct(user_, "shoe.png", {type, bytes > 0 ? bytes : png_.size()});
        EXPECT_TRUE(direct);
        return direct->upload;
    }
};

TEST_F(DirectUploads, GetAUrlForOneKeyTypeAndLength) {
    const auto direct = intake().open_direct(user_, "a/shoe.png", {"image/png", 123});
    ASSERT_TRUE(direct);
    const auto& upload = direct->upload;
    EXPECT_EQ(upload.direct_key, core::ObjectKey::uploaded(upload.id, "png"));
    EXPECT_EQ(upload.name, "shoe.png");
    EXPECT_EQ(upload.bytes_max, 123u);
    EXPECT_FALSE(upload.ready);
    EXPECT_EQ(direct->request.url,
              "https://bucket.example/" + upload.direct_key.str() + "?bytes=123&life=600000");
    ASSERT_EQ(direct->request.headers.size(), 1u);
    EXPECT_EQ(direct->request.headers[0].second, "image/png");
    EXPECT_EQ(store_.find_upload(access(), upload.id).value()->direct_key, upload.direct_key);
}

TEST_F(DirectUploads, OfNoPictureOrNoLengthAreNotOpened) {
    settings_.upload_bytes_max = 1'000;
    for (const auto* const type :
         {"", "text/html", "image/svg+xml", "image/png; charset=x", "IMAGE/PNG", "png"})
        EXPECT_EQ(code_of(intake().open_direct(user_, "x", {type, 10})), ErrorCode::input_unsupported_format);
    EXPECT_EQ(code_of(intake().open_direct(user_, "x", {"image/png", 0})), ErrorCode::input_unreadable);
    EXPECT_EQ(code_of(intake().open_direct(user_, "x", {"image/png", 1'001})), ErrorCode::input_too_large);
    EXPECT_EQ(code_of(intake().open_direct(user_, "x", {"image/png", UINT64_MAX})),
              ErrorCode::input_too_large);
    EXPECT_EQ(store_.size(), 0u);
    EXPECT_TRUE(intake().open_direct(user_, "x", {"image/png", 1'000}));
}

TEST_F(DirectUploads, AreNotSentUntilTheObjectIsThere) {
    const auto upload = open();
    EXPECT_TRUE(is<NotSent>(intake().confirm(access(), upload.id)));
    objects_.client_puts(upload.direct_key, png_);
    EXPECT_TRUE(intake().confirm(access(), upload.id));
}

TEST_F(DirectUploads, AreConfirmedByTheirBytesAndPinnedByTheirVersion) {
    const auto upload = open();
    objects_.client_puts(upload.direct_key, png_);
    const auto confirmed = intake().confirm(access(), upload.id);
    ASSERT_TRUE(confirmed);
    EXPECT_TRUE(confirmed->ready);
    EXPECT_EQ(confirmed->expires_at, clock_.now() + settings_.upload_life);
    const core::InputImage expected{.name = "shoe.png",
                                    .key = upload.direct_key,
                                    .content_type = "image/png",
                                    .bytes = png_.size(),
                                    .width = 64,
                                    .height = 48,
                                    .sha256 = to_hex(sha256(png_)),
                                    .version = "v1"};
    EXPECT_EQ(confirmed->image, expected);
    EXPECT_TRUE(spool_is_empty());
    // Replaced later, the upload stays what it was: the other version is refused where it is used.
    objects_.client_puts(upload.direct_key, png_header(65, 48));
    EXPECT_EQ(intake().confirm(access(), upload.id)->image, expected);
}

TEST_F(DirectUploads, OfAnotherTypeThanDeclaredAreWhatTheyAre) {
    const auto jpeg = jpeg_header(40, 30);
    const auto upload = open("image/png", jpeg.size());
    objects_.client_puts(upload.direct_key, jpeg);
    const auto confirmed = intake().confirm(access(), upload.id);
    ASSERT_TRUE(confirmed);
    EXPECT_EQ(confirmed->image->content_type, "image/jpeg");
    EXPECT_EQ(confirmed->image->key, upload.direct_key);
}

TEST_F(DirectUploads, ThatAreNoPictureAreRefusedAndRemoved) {
    const std::string html = "<!doctype html><html><script>alert(1)</script></html>";
    const auto upload = open("image/png", html.size());
    objects_.client_puts(upload.direct_key, html);
    EXPECT_EQ(code_of(intake().confirm(access(), upload.id)), ErrorCode::input_unsupported_format);
    EXPECT_FALSE(objects_.holds(upload.direct_key));
    EXPECT_TRUE(is<NotSent>(intake().confirm(access(), upload.id)));
    const auto bomb = png_header(60'000, 60'000);
    const auto second = open("image/png", bomb.size());
    objects_.client_puts(second.direct_key, bomb);
    EXPECT_EQ(code_of(intake().confirm(access(), second.id)), ErrorCode::input_too_large);
    EXPECT_FALSE(objects_.holds(second.direct_key));
    EXPECT_TRUE(spool_is_empty());
}

TEST_F(DirectUploads, SentAnewWhileTheirBadBytesAreLookedAtAreNotLost) {
    const auto upload = open("image/png", png_.size());
    objects_.client_puts(upload.direct_key, std::string(png_.size(), 'x'));
    objects_.after_open([&] { objects_.client_puts(upload.direct_key, png_); });
    EXPECT_EQ(code_of(intake().confirm(access(), upload.id)), ErrorCode::input_unsupported_format);
    objects_.after_open({});
    const auto confirmed = intake().confirm(access(), upload.id);
    ASSERT_TRUE(confirmed);
    EXPECT_EQ(confirmed->image->sha256, to_hex(sha256(png_)));
}

TEST_F(DirectUploads, OfAnotherLengthThanDeclaredAreRefusedUnread) {
    const auto upload = open();
    bool opened = false;
    objects_.before_open([&] { opened = true; });
    objects_.client_puts(upload.direct_key, png_ + "x");
    const auto confirmed = intake().confirm(access(), upload.id);
    ASSERT_TRUE(is<WrongLength>(confirmed));
    EXPECT_EQ(std::get<WrongLength>(confirmed.error()).sent, png_.size() + 1);
    EXPECT_EQ(std::get<WrongLength>(confirmed.error()).declared, png_.size());
    EXPECT_FALSE(opened);
    objects_.client_puts(upload.direct_key, png_);  // the URL still lives
    EXPECT_TRUE(intake().confirm(access(), upload.id));
}

TEST_F(DirectUploads, ReplacedWhileTheyAreReadAreReadOnceMore) {
    const auto upload = open();
    const auto other = png_header(99, 48);
    objects_.client_puts(upload.direct_key, png_);
    int opens = 0;
    objects_.before_open([&] {
        if (++opens == 1) objects_.client_puts(upload.direct_key, other);
    });
    const auto confirmed = intake().confirm(access(), upload.id);
    ASSERT_TRUE(confirmed);
    EXPECT_EQ(opens, 2);
    EXPECT_EQ(confirmed->image->width, 99u);
    EXPECT_EQ(confirmed->image->version, "v2");
    EXPECT_EQ(confirmed->image->sha256, to_hex(sha256(other)));
}

TEST_F(DirectUploads, ReplacedAgainAndAgainHaveChanged) {
    const auto upload = open();
    objects_.client_puts(upload.direct_key, png_);
    int opens = 0;
    objects_.before_open([&] {
        ++opens;
        objects_.client_puts(upload.direct_key, png_);
    });
    EXPECT_EQ(code_of(intake().confirm(access(), upload.id)), ErrorCode::input_changed);
    EXPECT_EQ(opens, 2);
    EXPECT_FALSE(store_.find_upload(access(), upload.id).value()->ready);
    EXPECT_TRUE(spool_is_empty());
}

TEST_F(DirectUploads, CutOffWhileTheyAreReadAreNotBelieved) {
    const auto upload = open();
    objects_.client_puts(upload.direct_key, png_);
    for (const auto* const operation : {"head", "open", "read"}) {
        objects_.fail_next(operation, ports::ObjectErrorKind::unavailable);
        EXPECT_TRUE(is(intake().confirm(access(), upload.id), ports::ObjectErrorKind::unavailable))
            << operation;
        EXPECT_TRUE(objects_.holds(upload.direct_key));
        EXPECT_TRUE(spool_is_empty());
    }
    objects_.fail_next("read", ports::ObjectErrorKind::missing);
    EXPECT_TRUE(is<NotSent>(intake().confirm(access(), upload.id)));
    EXPECT_TRUE(intake().confirm(access(), upload.id));
}

TEST_F(DirectUploads, OfOthersOrExpiredAreNotRead) {
    using ports::UploadOutcome;
    const auto upload = open();
    objects_.client_puts(upload.direct_key, png_);
    bool opened = false;
    objects_.before_open([&] { opened = true; });
    EXPECT_TRUE(is(intake().confirm(ports::Access::of(stranger_), upload.id), UploadOutcome::not_found));
    EXPECT_TRUE(is(intake().confirm(access(), UploadId()), UploadOutcome::not_found));
    clock_.advance(Milliseconds(48 * 3'600'000));
    EXPECT_TRUE(is(intake().confirm(access(), upload.id), UploadOutcome::expired));
    EXPECT_FALSE(opened);
}

TEST_F(DirectUploads, ConfirmedManyTimesAtOnceGiveOneAnswer) {
    const auto upload = open();
    objects_.client_puts(upload.direct_key, png_);
    auto& intake = this->intake();
    std::vector<core::InputImage> images(8);
    std::vector<std::thread> threads;
    threads.reserve(images.size());
    for (auto& image : images) {
        threads.emplace_back([&] {
            const auto confirmed = intake.confirm(access(), upload.id);
            if (confirmed) image = *confirmed->image;
        });
    }
    for (auto& thread : threads) thread.join();
    for (const auto& image : images) EXPECT_EQ(image, images[0]);
    EXPECT_EQ(images[0].sha256, to_hex(sha256(png_)));
    EXPECT_TRUE(objects_.holds(upload.direct_key));
    EXPECT_TRUE(spool_is_empty());
}

// Another confirm is through between this one's reading and its end.
TEST_F(DirectUploads, ConfirmedByAnotherMeanwhileAreTheOthers) {
    const auto upload = open();
    objects_.client_puts(upload.direct_key, png_);
    bool inside = false;
    objects_.before_open([&] {
        if (std::exchange(inside, true)) return;
        ASSERT_TRUE(intake().confirm(access(), upload.id));
    });
    const auto confirmed = intake().confirm(access(), upload.id);
    ASSERT_TRUE(confirmed);
    EXPECT_EQ(confirmed->image, store_.find_upload(access(), upload.id).value()->image);
    EXPECT_TRUE(objects_.holds(upload.direct_key));
}

}  // namespace
}  // namespace darkroom::intake
