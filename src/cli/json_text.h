// JSON values as text, numbers as people and the API write them: 0.02, where Boost.JSON writes 2E-2. Pure.
#pragma once
#include <boost/json/value.hpp>
#include <string>

namespace darkroom::cli {

/// Members keep their order; doubles get the shortest digits that read back the same.
std::string json_text(const boost::json::value& value);

}  // namespace darkroom::cli
