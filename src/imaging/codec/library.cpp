#include "imaging/codec/library.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>
#include <string>
#include <vips/vips8>

#include <vips/vector.h>

#include "imaging/wire/messages.h"

namespace darkroom::imaging {
namespace {

constexpr std::array decoders{"VipsForeignLoadJpeg",  "VipsForeignLoadPng",  "VipsForeignLoadWebp",
                              "VipsForeignLoadNsgif", "VipsForeignLoadTiff", "VipsForeignLoadHeif"};

// Warnings are about hostile bytes and may quote them; they reach neither a log nor a terminal. GLib ends the
// process by itself after an error, of which there is one: no memory.
GLogWriterOutput drop_log(GLogLevelFlags level, const GLogField*, gsize, gpointer) {
    if ((level & G_LOG_LEVEL_ERROR) != 0) ::_exit(exit_out_of_memory);
    return G_LOG_WRITER_HANDLED;
}

void allow_decoders_only() {
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (const char* decoder : decoders) vips_operation_block_set(decoder, FALSE);
}

// Each codec once, in memory: thread pools start, colour tables are built, plug-ins and NUMA libraries are
// looked for.
void warm_up() {
    const vips::VImage picture =
        vips::VImage::black(64, 64, vips::VImage::option()->set("bands", 4))
            .linear(1, 100)
            .cast(VIPS_FORMAT_UCHAR)
            .copy(vips::VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
    for (const char* suffix : {".jpg", ".png", ".webp", ".tif"}) {
        const vips::VTarget target = vips::VTarget::new_to_memory();
        picture.write_to_target(suffix, target);
    }
    (void)picture.icc_export(vips::VImage::option()->set("output_profile", "srgb")).avg();
    cv::parallel_for_(
        cv::Range(0, 64), [](const cv::Range&) {}, 64);
}

bool contains(std::string_view text, std::string_view part) {
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(parts, [&](std::string_view part) { return contains(text, part); });
}

}  // namespace

bool start_picture_libraries(int threads) {
    g_log_set_writer_func(drop_log, nullptr, nullptr);
    if (VIPS_INIT("darkroom-imaging") != 0) return false;
    allow_decoders_only();
    vips_concurrency_set(threads);
    cv::setNumThreads(threads);
    // A cached operation would keep one customer's pixels alive in the next one's job.
    vips_cache_set_max(0);
    // libvips would compile loops at run time, for which a locked-down process has no executable memory.
    vips_vector_set_enabled(FALSE);
    try {
        warm_up();
    } catch (const vips::VError&) {
        return false;
    }
    return true;
}

core::JobError explain_decode_error(std::string_view message) {
    using core::ErrorCode;
    if (contains_any(message, {"out of memory", "insufficient memory", "unable to allocate",
                               "memory allocation", "not enough memory"})) {
        return {ErrorCode::worker_oom, "There was not enough memory to decode the picture."};
    }
    if (contains_any(message,
                     {"unsupported codec", "unsupported feature", "unsupported filetype", "not built with",
                      "compression support is not configured", "unsupported compression"})) {
        return {ErrorCode::input_unsupported_format, "The picture uses an encoding that is not supported."};
    }
    if (contains_any(message, {"premature end", "truncated", "end of file", "unexpected end",
                               "not enough data", "end of stream", "insufficient data", "eof"})) {
        return {ErrorCode::input_unreadable, "The file was cut off: it ends before the picture does."};
    }
    return {ErrorCode::input_unreadable, "The picture's data is damaged or incomplete."};
}

core::JobError take_decode_error() {
    const std::string message = vips_error_buffer();
    vips_error_clear();
    return explain_decode_error(message);
}

}  // namespace darkroom::imaging
