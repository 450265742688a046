// Keys, and that nobody reaches what is another user's: every function that takes an Access, tried
// by a stranger.
#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;
using ports::UploadOutcome;

TEST_P(JobStoreSuite, AStrangerSeesAndChangesNothingOfAnotherUsersJob) {
    for (int s = 0; s < core::status_count; ++s) {
        SCOPED_TRACE(core::to_string(static_cast<Status>(s)));
        const auto id = bring_to(ann, static_cast<Status>(s)).job.id;
        const auto before = everything_in_words(store());
        const auto stranger = Access::of(eve);
        EXPECT_FALSE(store().find_job(stranger, id)->has_value());
        EXPECT_FALSE(store().list_events(stranger, id, 0, 100)->has_value());
        EXPECT_TRUE(
            std::holds_alternative<ports::NotFound>(*store().cancel_job(stranger, id, "key:eve", at(1))));
        EXPECT_TRUE(
            std::holds_alternative<ports::NotFound>(*store().requeue_job(stranger, id, "key:eve", at(1))));
        EXPECT_TRUE(store().list_jobs(stranger, {}, 0, 100)->jobs.empty());
        EXPECT_EQ(store().list_jobs(stranger, {}, 0, 1)->next_before, 0);
        EXPECT_EQ(everything_in_words(store()), before);

        EXPECT_TRUE(store().find_job(Access::of(ann), id)->has_value());
        EXPECT_TRUE(store().find_job(Access::everyone(), id)->has_value());
        EXPECT_TRUE(store().list_events(Access::of(ann), id, 0, 100)->has_value());
    }
}

TEST_P(JobStoreSuite, UsersWhoseNamesBeginAlikeAreDifferentUsers) {
    (void)bring_to(user("ann"), Status::queued);
    (void)bring_to(user("ann.b"), Status::queued);
    (void)bring_to(user("ANN"), Status::queued);
    EXPECT_EQ(store().list_jobs(Access::of(ann), {}, 0, 100)->jobs.size(), 1u);
    EXPECT_EQ(store().list_jobs(Access::everyone(), {}, 0, 100)->jobs.size(), 3u);
}

TEST_P(JobStoreSuite, AnUploadSentWithTheAppsOwnKeyServesAJobOfItsUser) {
    const auto app = user("app");
    const auto upload = samples_.upload(app, at(10'000));
    ASSERT_TRUE(store().create_upload(upload).ok());
    ASSERT_EQ(
        *store().complete_upload(Access::of(app), upload.id, samples_.image(upload.id), at(1), at(20'000)),
        UploadOutcome::completed);
    auto request = samples_.job(ann);
    request.uploads = {upload.id};
    request.uploads_of = Access::of(eve);
    EXPECT_TRUE(std::holds_alternative<ports::UploadGone>(*store().create_job(request)));
    request.uploads_of = Access::of(app);
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
    EXPECT_TRUE(store().find_job(Access::of(ann), request.job.id)->has_value());
    EXPECT_TRUE(store().list_expired_uploads(at(30'000), 10)->empty());
}

TEST_P(JobStoreSuite, AStrangerCanNeitherSeeNorCompleteNorUseAnUpload) {
    const auto upload = samples_.upload(ann, at(10'000));
    ASSERT_TRUE(store().create_upload(upload).ok());
    const auto image = samples_.image(upload.id);
    EXPECT_FALSE(store().find_upload(Access::of(eve), upload.id)->has_value());
    EXPECT_EQ(*store().complete_upload(Access::of(eve), upload.id, image, at(1), at(20'000)),
              UploadOutcome::not_found);
    EXPECT_EQ(in_words(**store().find_upload(Access::of(ann), upload.id)), in_words(upload));
    ASSERT_EQ(*store().complete_upload(Access::of(ann), upload.id, image, at(1), at(20'000)),
              UploadOutcome::completed);
    auto theft = samples_.job(eve);
    theft.uploads = {upload.id};
    const auto outcome = store().create_job(theft);
    EXPECT_EQ(std::get<ports::UploadGone>(*outcome).upload, upload.id);
    EXPECT_FALSE(store().find_job(Access::everyone(), theft.job.id)->has_value());
    EXPECT_EQ(store().list_expired_uploads(at(20'000), 10)->size(), 1u);  // so it was not used either
}

TEST_P(JobStoreSuite, KeysAreKeptReplacedListedAndRevokedOnce) {
    ports::ApiKey key{.digest = sha256("secret"),
                      .name = "shop",
                      .user = ann,
                      .admin = false,
                      .created_at = at(1),
                      .revoked_at = {}};
    ports::ApiKey other{.digest = sha256("other"),
                        .name = "",
                        .user = eve,
                        .admin = true,
                        .created_at = at(2),
                        .revoked_at = {}};
    EXPECT_FALSE(store().find_api_key(key.digest)->has_value());
    EXPECT_FALSE(*store().revoke_api_key(key.digest, at(5)));
    ASSERT_TRUE(store().put_api_key(key).ok());
    ASSERT_TRUE(store().put_api_key(other).ok());
    key.name = "shop, new name";
    ASSERT_TRUE(store().put_api_key(key).ok());
    reopen();
    const auto keys = *store().list_api_keys();
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_EQ(keys[0].name, "shop, new name");
    EXPECT_TRUE(keys[1].admin);
    EXPECT_EQ(keys[1].user, eve);
    EXPECT_TRUE(*store().revoke_api_key(key.digest, at(5)));
    EXPECT_TRUE(*store().revoke_api_key(key.digest, at(9)));
    EXPECT_EQ((*store().find_api_key(key.digest))->revoked_at, at(5));
    EXPECT_FALSE((*store().find_api_key(other.digest))->revoked_at.has_value());
}

}  // namespace
}  // namespace darkroom::conformance
