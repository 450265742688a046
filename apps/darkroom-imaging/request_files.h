// The open files of one request, by imaging::RequestFile.
#pragma once
#include <array>

#include "imaging/wire/messages.h"

namespace darkroom::imaging {

using RequestFiles = std::array<int, request_file_count>;

}  // namespace darkroom::imaging
