// POST /upload/image: the multipart body, and what the server made of it. Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "comfyui/view_file.h"

namespace darkroom::comfyui {

struct UploadBody {
    std::string content_type;
    std::string text;
};

/// The file's names have no problem_of(). An upload of the same name is replaced, so it may be sent again.
UploadBody write_upload(const ViewFile& file, std::string_view content_type, std::string_view bytes);
Result<ViewFile, std::string> read_upload_answer(std::string_view body);

}  // namespace darkroom::comfyui
