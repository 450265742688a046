// What intake refused, as a client is told it.
#pragma once
#include <string>

#include "api/problem.h"
#include "intake/intake.h"

namespace darkroom::api {

/// `pointer` names the field of the request's body that asked for it; empty = the request as a whole.
Problem problem_of(const intake::Refusal& refusal, const std::string& pointer = "");

Problem problem_of(ports::UploadOutcome outcome);

}  // namespace darkroom::api
