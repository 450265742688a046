// A run as files: JSON for machines, one HTML page for people, and the plots as SVG for the docs.
#pragma once
#include <filesystem>

#include "bench/queue/findings.h"

namespace darkroom::bench {

/// Writes queue.json, queue.html and queue-*.svg into `folder`; throws CannotMeasure if that fails.
void write_pages(const Findings& findings, const std::filesystem::path& folder);

}  // namespace darkroom::bench
