// The page of a run: one HTML file with everything in it, pictures included, and the contact sheets as files.
#pragma once
#include <filesystem>
#include <string>

#include "base/result.h"
#include "bench/imaging/report.h"

namespace darkroom::bench {

/// Writes `folder`/imaging.html and `folder`/imaging/SET.png. The error is for the person at the terminal.
Result<void, std::string> write_page(const Report& report, const std::filesystem::path& folder);

}  // namespace darkroom::bench
