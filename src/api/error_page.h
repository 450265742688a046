// GET /docs/errors: what every code means, made from the tables that the answers are made from. The `type` of
// a problem document points here.
#pragma once
#include <string>
#include <vector>

#include "ports/http_message.h"

namespace darkroom::api {

std::string error_page();

std::vector<ports::HttpRoute> error_page_routes();

}  // namespace darkroom::api
