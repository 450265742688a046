// EXIF, XMP and IPTC of a picture, carried from the file to its result when the user asks for metadata:
// keep_all.
#pragma once
#include <vips/vips8>

namespace darkroom::imaging {

/// A carrier of the fields, apart from the pixels.
vips::VImage keep_metadata(const vips::VImage& image);

/// `image` must be the caller's own copy. The orientation is set to upright, because the pixels are.
void attach_metadata(const vips::VImage& image, const vips::VImage& metadata);

}  // namespace darkroom::imaging
