// What a server said when it said no, fit for a log: one line, short, printable, and without the key, which
// some servers echo. Error bodies are JSON, HTML or nothing; none of it is believed, only shown.
#pragma once
#include <string>
#include <string_view>

#include "ports/http_client.h"

namespace darkroom::runpod {

/// As in: HTTP 400: json is invalid; max size is 10 MB
std::string describe_answer(const ports::FetchedAnswer& answer, std::string_view secret);
std::string describe_failure(const ports::FetchFailure& failure, std::string_view secret);

/// The account is empty, as far as the text of a refusal tells; RunPod's status for it is not documented.
bool speaks_of_funds(const ports::FetchedAnswer& answer);

}  // namespace darkroom::runpod
