// One job on a screen: `darkroom jobs get`. Pure.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/time.h"

namespace darkroom::cli {

/// Lines with a label on the left. `events` is the answer of /jobs/{id}/events, or empty.
std::vector<std::string> job_card(const boost::json::object& job, const boost::json::object& events,
                                  TimePoint now);

}  // namespace darkroom::cli
