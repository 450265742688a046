#include "objects/s3/md5.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "base/digest.h"

namespace darkroom::objects {
namespace {

using Md5Bytes = std::array<std::uint8_t, 16>;

Md5Bytes md5(std::string_view bytes) {
    Md5Bytes digest{};
    unsigned length = 0;
    DR_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_md5(), nullptr) == 1 &&
             length == digest.size());
    return digest;
}

}  // namespace

std::string content_md5(std::string_view body) {
    const auto digest = md5(body);
    std::array<unsigned char, 25> text{};  // 24 and the NUL that OpenSSL adds
    const int written = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(written)};
}

std::string md5_hex(std::string_view bytes) { return to_hex(md5(bytes)); }

}  // namespace darkroom::objects
