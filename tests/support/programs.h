// Other people's programs that tests need: where they are, and running one to its end.
#pragma once
#include <filesystem>
#include <string>

#include "base/time.h"
#include "tests/support/child_process.h"

namespace darkroom::testing {

/// A program in PATH (or in the folders of root's); empty if there is none.
std::filesystem::path program_in_path(const std::string& name);

/// One that fails, or takes longer, ends the test program with what it wrote to its err_file.
void run_to_end(const ChildPlan& plan, Milliseconds at_most = Milliseconds(60'000));

}  // namespace darkroom::testing
