#include "tools/pictures/picture_file.h"

#include <mutex>
#include <vips/vips8>

#include "base/check.h"

namespace darkroom::pictures {
namespace {

void start_vips() {
    static std::once_flag once;
    std::call_once(once, [] {
        DR_CHECK(vips_init("darkroom-tools") == 0);
        vips_cache_set_max(0);  // else a file written anew under an old name would be read as it was before
    });
}

vips::VImage as_vips(const cv::Mat& picture) {
    DR_CHECK(picture.depth() == CV_8U && picture.isContinuous());
    const vips::VImage image =
        vips::VImage::new_from_memory(picture.data, picture.total() * picture.elemSize(), picture.cols,
                                      picture.rows, picture.channels(), VIPS_FORMAT_UCHAR);
    return image.copy(vips::VImage::option()->set(
        "interpretation", picture.channels() < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB));
}

cv::Mat as_mat(const vips::VImage& image) {
    cv::Mat picture(image.height(), image.width(), CV_8UC(image.bands()));
    std::size_t bytes = 0;
    void* pixels = image.write_to_memory(&bytes);
    DR_CHECK(bytes == picture.total() * picture.elemSize());
    std::memcpy(picture.data, pixels, bytes);
    g_free(pixels);
    return picture;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<cv::Mat, PictureError> read_picture(const std::filesystem::path& path) {
    start_vips();
    try {
        vips::VImage image = vips::VImage::new_from_file(path.c_str()).autorot();
        image = image.colourspace(image.bands() < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB);
        if (image.bands() == 2) image = image.colourspace(VIPS_INTERPRETATION_sRGB);  // grey with alpha
        return as_mat(image.cast(VIPS_FORMAT_UCHAR));
    } catch (const vips::VError& error) {
        return Fail("cannot read " + path.string() + ": " + first_line(error.what()));
    }
}

Result<void, PictureError> write_picture(const cv::Mat& picture, const std::filesystem::path& path,
                                         int quality) {
    start_vips();
    try {
        const cv::Mat whole = picture.isContinuous() ? picture : picture.clone();
        vips::VOption* options = vips::VImage::option();
        if (path.extension() == ".png") {
            options->set("compression", 3);
        } else {
            options->set("Q", quality);
        }
        as_vips(whole).write_to_file(path.c_str(), options);
        return {};
    } catch (const vips::VError& error) {
        return Fail("cannot write " + path.string() + ": " + first_line(error.what()));
    }
}

cv::Mat through_jpeg(const cv::Mat& picture, int quality) {
    start_vips();
    VipsBlob* blob = as_vips(picture.isContinuous() ? picture : picture.clone())
                         .jpegsave_buffer(vips::VImage::option()->set("Q", quality));
    cv::Mat decoded = as_mat(vips::VImage::jpegload_buffer(blob));
    vips_area_unref(VIPS_AREA(blob));
    return decoded;
}

}  // namespace darkroom::pictures
