// Pictures to send: small honest ones written by hand, photographed ones drawn by tools/shots, and dishonest
// ones.
#pragma once
#include <cstdint>
#include <string>

namespace darkroom::e2e {

/// A coloured disc on white, as an uncompressed RGB PNG; another seed gives another disc.
std::string disc_png(std::uint32_t width, std::uint32_t height, std::uint32_t seed = 0);

/// A PNG of some hundred bytes whose header says width x height and whose pixels are not there.
std::string claiming_png(std::uint32_t width, std::uint32_t height);

/// A product shot with the ending's format: .jpg, .png or .webp.
std::string shot(const std::string& ending, int side, std::uint64_t seed = 1);

/// `bytes` with every byte between the two places turned round.
std::string damaged(std::string bytes, std::size_t from, std::size_t to);

struct PictureSize {
    int width = 0;
    int height = 0;
    int channels = 0;
};
/// Decodes a picture as any viewer would; zeros if it cannot be decoded.
PictureSize decoded_size(const std::string& bytes, const std::string& ending);

}  // namespace darkroom::e2e
