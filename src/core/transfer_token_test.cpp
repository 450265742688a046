// A signed permission opens exactly what it was made for, and only for a while.
#include "core/transfer_token.h"

#include <gtest/gtest.h>

namespace darkroom::core {
namespace {

const std::string secret(32, 's');
const auto now = from_unix_ms(1'000'000);
const UploadPermit put{*UploadId::parse("33333333-3333-4333-8333-333333333333"), *UserId::parse("anna"),
                       5'000, now + Milliseconds(1'000)};
const DownloadPermit get{ObjectKey::thumbnail(*JobId::parse("11111111-1111-4111-8111-111111111111")),
                         "image/jpeg", "shoe \xc3\xa9.jpg", now + Milliseconds(1'000)};

TEST(TransferToken, OpensWithWhatWasSealed) {
    const auto upload = open_upload_permit(seal(put, secret), secret, now);
    ASSERT_TRUE(upload.ok());
    EXPECT_EQ(upload->upload, put.upload);
    EXPECT_EQ(upload->user, put.user);
    EXPECT_EQ(upload->bytes_max, put.bytes_max);
    const auto download = open_download_permit(seal(get, secret), secret, now);
    ASSERT_TRUE(download.ok());
    EXPECT_EQ(download->key, get.key);
    EXPECT_EQ(download->file_name, get.file_name);
}

TEST(TransferToken, EndsAtItsTime) {
    EXPECT_TRUE(open_upload_permit(seal(put, secret), secret, put.expires_at - Milliseconds(1)).ok());
    EXPECT_EQ(open_upload_permit(seal(put, secret), secret, put.expires_at).error(), TokenError::expired);
}

TEST(TransferToken, IsForOnePurposeAndOneSecret) {
    EXPECT_EQ(open_download_permit(seal(put, secret), secret, now).error(), TokenError::forged);
    EXPECT_EQ(open_upload_permit(seal(get, secret), secret, now).error(), TokenError::forged);
    EXPECT_EQ(open_upload_permit(seal(put, secret), std::string(32, 't'), now).error(), TokenError::forged);
}

TEST(TransferToken, AnyChangedByteIsForged) {
    const auto token = seal(put, secret);
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(open_upload_permit(changed, secret, now).error(), TokenError::forged) << i;
        EXPECT_FALSE(open_upload_permit(token.substr(0, i), secret, now).ok()) << i;
    }
    EXPECT_FALSE(open_upload_permit("", secret, now).ok());
    EXPECT_FALSE(open_upload_permit(token + ".", secret, now).ok());
}

}  // namespace
}  // namespace darkroom::core
