// All that surrounds the ways in of pictures, in memory: stores, web, DNS, time and chance. A base of
// fixtures.
#pragma once
#include "tests/support/child_process.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_object_store.h"
#include "tests/support/picture_headers.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/scripted_web.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/upload_memory.h"

namespace darkroom::testing {

struct UploadWorld {
    TempDir folder_;
    UploadMemory store_;
    MemoryObjectStore objects_;
    ScriptedWeb web_;
    ScriptedResolver resolver_;
    ManualClock clock_;
    SeededRandom random_{5};
    const std::string png_ = png_header(64, 48);

    /// A file outside the spool folder, as a server leaves it.
    std::filesystem::path file_of(const std::string& bytes) {
        auto path = folder_.path() / "body";
        write_file(path, bytes);
        return path;
    }
};

}  // namespace darkroom::testing
