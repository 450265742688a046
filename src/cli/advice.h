// What a person can do about a failed job. Pure.
#pragma once
#include <string_view>

namespace darkroom::cli {

/// One short piece of advice for an error code of the API; "" where there is nothing better than the message.
std::string_view advice_for(std::string_view error_code);

}  // namespace darkroom::cli
