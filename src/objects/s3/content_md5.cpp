#include "objects/s3/content_md5.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"

namespace darkroom::objects {

std::string content_md5(std::string_view body) {
    std::array<unsigned char, 16> digest{};
    unsigned length = 0;
    DR_CHECK(EVP_Digest(body.data(), body.size(), digest.data(), &length, EVP_md5(), nullptr) == 1 &&
             length == digest.size());
    std::array<unsigned char, 25> text{};  // 24 and the NUL that OpenSSL adds
    const int written = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(written)};
}

}  // namespace darkroom::objects
