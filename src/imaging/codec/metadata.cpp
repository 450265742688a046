#include "imaging/codec/metadata.h"

#include <cstring>

namespace darkroom::imaging {
namespace {

bool is_kept(const char* field) {
    return std::strncmp(field, "exif-", 5) == 0 || std::strcmp(field, "xmp-data") == 0 ||
           std::strcmp(field, "iptc-data") == 0;
}

void copy_fields(VipsImage* from, VipsImage* to) {
    char** fields = vips_image_get_fields(from);
    for (char** field = fields; field != nullptr && *field != nullptr; ++field) {
        GValue value = G_VALUE_INIT;
        if (!is_kept(*field) || vips_image_get(from, *field, &value) != 0) continue;
        vips_image_set(to, *field, &value);
        g_value_unset(&value);
    }
    g_strfreev(fields);
}

}  // namespace

vips::VImage keep_metadata(const vips::VImage& image) {
    vips::VImage carrier = vips::VImage::black(1, 1).copy();
    copy_fields(image.get_image(), carrier.get_image());
    return carrier;
}

void attach_metadata(const vips::VImage& image, const vips::VImage& metadata) {
    copy_fields(metadata.get_image(), image.get_image());
    vips_image_remove(image.get_image(), "exif-ifd0-Orientation");
    vips_image_set_int(image.get_image(), VIPS_META_ORIENTATION, 1);
}

}  // namespace darkroom::imaging
