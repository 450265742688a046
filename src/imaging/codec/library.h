// Start of the picture libraries, once per process and before it locks itself down: everything that opens
// files, loads plug-ins or starts threads happens here. Afterwards libvips reads six formats from memory and
// files already open, and nothing else.
#pragma once
#include <string_view>

#include "core/error_code.h"

namespace darkroom::imaging {

/// `threads` is how many cores one picture may use. False if a library does not start.
bool start_picture_libraries(int threads);

/// Turns what libvips left in its error buffer into words for the picture's owner, and empties the buffer.
core::JobError take_decode_error();

/// The words for one libvips message; apart so that a test can walk through the messages.
core::JobError explain_decode_error(std::string_view vips_message);

}  // namespace darkroom::imaging
