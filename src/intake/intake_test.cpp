#include "intake/intake.h"

#include "intake/intake_fixture.h"
#include "tests/support/upload_world.h"

namespace darkroom::intake {
namespace {

using core::ErrorCode;
using darkroom::testing::jpeg_header;
using darkroom::testing::png_header;

const std::string html = "<!doctype html><html><body>not a picture</body></html>";

class RelayedUpload : public IntakeFixture<darkroom::testing::UploadWorld> {};

TEST_F(RelayedUpload, BecomesAPictureWithAllThatIsKnownOfIt) {
    const auto opened = intake().open(user_, "../shoe.png", 1'000);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->name, "shoe.png");
    EXPECT_FALSE(opened->ready);
    EXPECT_TRUE(opened->direct_key.empty());
    EXPECT_EQ(opened->bytes_max, 1'000u);
    EXPECT_GT(opened->expires_at, clock_.now() + settings_.upload_url_life);
    const auto received = intake().receive(access(), opened->id, file_of(png_), png_.size());
    ASSERT_TRUE(received);
    EXPECT_TRUE(received->ready);
    EXPECT_EQ(received->expires_at, clock_.now() + settings_.upload_life);
    const core::InputImage expected{.name = "shoe.png",
                                    .key = core::ObjectKey::uploaded(opened->id, "png"),
                                    .content_type = "image/png",
                                    .bytes = png_.size(),
                                    .width = 64,
                                    .height = 48,
                                    .sha256 = to_hex(sha256(png_)),
                                    .version = "v1"};
    EXPECT_EQ(received->image, expected);
    EXPECT_TRUE(objects_.holds(expected.key));
    EXPECT_EQ(store_.find_upload(access(), opened->id).value()->image, expected);
    EXPECT_EQ(intake().confirm(access(), opened->id)->image, expected);
}

TEST_F(RelayedUpload, IsWhatItsBytesSayAndNotItsName) {
    const auto opened = intake().open(user_, "shoe.png", 1'000);
    const auto jpeg = jpeg_header(40, 30);
    const auto received = intake().receive(access(), opened->id, file_of(jpeg), jpeg.size());
    ASSERT_TRUE(received);
    EXPECT_EQ(received->image->content_type, "image/jpeg");
    EXPECT_EQ(received->image->key, core::ObjectKey::uploaded(opened->id, "jpg"));
}

TEST_F(RelayedUpload, ThatIsNoPictureIsRefusedAndMayBeSentAgain) {
    const auto opened = intake().open(user_, "shoe.png", 1'000);
    EXPECT_EQ(code_of(intake().receive(access(), opened->id, file_of(html), html.size())),
              ErrorCode::input_unsupported_format);
    EXPECT_EQ(code_of(intake().receive(access(), opened->id, file_of(""), 0)), ErrorCode::input_unreadable);
    const auto cut = png_.substr(0, 20);
    EXPECT_EQ(code_of(intake().receive(access(), opened->id, file_of(cut), cut.size())),
              ErrorCode::input_unreadable);
    const auto huge = png_header(60'000, 60'000);
    EXPECT_EQ(code_of(intake().receive(access(), opened->id, file_of(huge), huge.size())),
              ErrorCode::input_too_large);
    EXPECT_EQ(code_of(intake().receive(access(), opened->id, folder_.path() / "gone", 9)),
              ErrorCode::input_unreadable);
    EXPECT_EQ(objects_.size(), 0u);
    EXPECT_TRUE(intake().receive(access(), opened->id, file_of(png_), png_.size()));
}

TEST_F(RelayedUpload, OfAnotherUserOrUnknownOrCompleteOrExpiredTakesNothing) {
    using ports::UploadOutcome;
    const auto opened = intake().open(user_, "shoe.png", 1'000);
    const auto strange = ports::Access::of(stranger_);
    EXPECT_TRUE(
        is(intake().receive(strange, opened->id, file_of(png_), png_.size()), UploadOutcome::not_found));
    EXPECT_TRUE(
        is(intake().receive(access(), UploadId(), file_of(png_), png_.size()), UploadOutcome::not_found));
    ASSERT_TRUE(intake().receive(access(), opened->id, file_of(png_), png_.size()));
    EXPECT_TRUE(is(intake().receive(access(), opened->id, file_of(png_), png_.size()),
                   UploadOutcome::already_complete));
    EXPECT_EQ(objects_.size(), 1u);
    const auto late = intake().open(user_, "shoe.png", 1'000);
    clock_.advance(Milliseconds(48 * 3'600'000));
    EXPECT_TRUE(is(intake().receive(access(), late->id, file_of(png_), png_.size()), UploadOutcome::expired));
    EXPECT_EQ(objects_.size(), 1u);
}

TEST_F(RelayedUpload, SaysWhichStoreIsInTrouble) {
    const auto opened = intake().open(user_, "shoe.png", 1'000);
    objects_.fail_next("put", ports::ObjectErrorKind::full);
    EXPECT_TRUE(
        is(intake().receive(access(), opened->id, file_of(png_), png_.size()), ports::ObjectErrorKind::full));
    EXPECT_TRUE(intake().receive(access(), opened->id, file_of(png_), png_.size()));
    store_.break_with(ports::StoreErrorKind::unavailable);
    EXPECT_TRUE(is<ports::StoreError>(intake().open(user_, "shoe.png", 1'000)));
    EXPECT_TRUE(is<ports::StoreError>(intake().receive(access(), opened->id, file_of(png_), png_.size())));
    EXPECT_TRUE(is<ports::StoreError>(intake().confirm(access(), opened->id)));
}

TEST_F(RelayedUpload, ThatWasNeverSentIsNotSent) {
    const auto opened = intake().open(user_, "shoe.png", 1'000);
    EXPECT_TRUE(is<NotSent>(intake().confirm(access(), opened->id)));
}

class PictureByUrl : public IntakeFixture<darkroom::testing::UploadWorld> {
protected:
    PictureByUrl() { resolver_.set("a.example", {"93.184.216.34"}); }
};

TEST_F(PictureByUrl, BecomesAnUploadOfTheUser) {
    web_.set("https://a.example/dir/shoe.png?sig=1", {.body = png_});
    const auto fetched = intake().fetch(user_, "https://a.example/dir/shoe.png?sig=1", "");
    ASSERT_TRUE(fetched);
    EXPECT_TRUE(fetched->ready);
    EXPECT_EQ(fetched->user, user_);
    EXPECT_EQ(fetched->name, "shoe.png");
    EXPECT_EQ(fetched->image->sha256, to_hex(sha256(png_)));
    EXPECT_EQ(fetched->image->version, "v1");
    EXPECT_TRUE(objects_.holds(fetched->image->key));
    EXPECT_TRUE(store_.find_upload(access(), fetched->id).value()->ready);
    EXPECT_FALSE(store_.find_upload(ports::Access::of(stranger_), fetched->id).value());
    EXPECT_TRUE(spool_is_empty());
}

TEST_F(PictureByUrl, IsCalledAsTheClientSaysOrAsInThePath) {
    for (const auto& [url, given, name] : std::initializer_list<std::array<const char*, 3>>{
             {"https://a.example/x/a.png", "../my shoe.png", "my shoe.png"},
             {"https://a.example/x/a%2f.png", "", "a_2f.png"},
             {"https://a.example/x/", "", "picture"},
             {"https://a.example", "", "picture"},
             {"https://a.example?x=/secret", "", "picture"}}) {
        web_.set(core::parse_input_url(url)->str(), {.body = png_});
        const auto fetched = intake().fetch(user_, url, given);
        ASSERT_TRUE(fetched) << url;
        EXPECT_EQ(fetched->name, name);
    }
}

TEST_F(PictureByUrl, ThatIsNoneLeavesNoTrace) {
    web_.set("https://a.example/x.png", {.headers = {{"Content-Type", "image/png"}}, .body = html});
    EXPECT_EQ(code_of(intake().fetch(user_, "https://a.example/x.png", "")),
              ErrorCode::input_unsupported_format);
    web_.set("https://a.example/x.png",
             {.body = "<html><meta http-equiv=\"refresh\" content=\"0;url=http://127.0.0.1/\"></html>"});
    EXPECT_EQ(code_of(intake().fetch(user_, "https://a.example/x.png", "")),
              ErrorCode::input_unsupported_format);
    web_.set("https://a.example/x.png", {.body = ""});
    EXPECT_EQ(code_of(intake().fetch(user_, "https://a.example/x.png", "")), ErrorCode::input_unreadable);
    EXPECT_TRUE(is<UrlFailed>(intake().fetch(user_, "https://a.example/none", "")));
    EXPECT_TRUE(is<UrlRefused>(intake().fetch(user_, "http://127.0.0.1/", "")));
    EXPECT_EQ(web_.requests().size(), 4u);
    EXPECT_EQ(store_.size(), 0u);
    EXPECT_EQ(objects_.size(), 0u);
    EXPECT_TRUE(spool_is_empty());
}

TEST_F(PictureByUrl, IsNotLongerThanAnUploadMayBe) {
    settings_.upload_bytes_max = png_.size();
    web_.set("https://a.example/x.png", {.body = png_});
    EXPECT_TRUE(intake().fetch(user_, "https://a.example/x.png", ""));
    web_.set("https://a.example/x.png", {.body = png_ + "x"});
    EXPECT_TRUE(is<UrlFailed>(intake().fetch(user_, "https://a.example/x.png", "")));
    EXPECT_TRUE(spool_is_empty());
}

TEST_F(PictureByUrl, LeavesNoFileWhereTheStoresFail) {
    web_.set("https://a.example/x.png", {.body = png_});
    objects_.fail_next("put", ports::ObjectErrorKind::unavailable);
    EXPECT_TRUE(
        is(intake().fetch(user_, "https://a.example/x.png", ""), ports::ObjectErrorKind::unavailable));
    EXPECT_TRUE(spool_is_empty());
    store_.break_with(ports::StoreErrorKind::full);
    EXPECT_TRUE(is<ports::StoreError>(intake().fetch(user_, "https://a.example/x.png", "")));
    EXPECT_TRUE(spool_is_empty());
}

}  // namespace
}  // namespace darkroom::intake
