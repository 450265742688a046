// An Intake on fakes, for its tests: a store and a bucket in memory, a scripted web, a clock that stands
// still.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "base/log.h"
#include "intake/intake.h"
#include "tests/support/child_process.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_object_store.h"
#include "tests/support/picture_headers.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/scripted_web.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/upload_memory.h"

namespace darkroom::intake {

class IntakeFixture : public ::testing::Test {
protected:
    IntakeFixture() { log::configure(log::Level::off, log::Format::text); }

    Intake& intake() {
        if (!intake_) {
            settings_.spool_dir = folder_.path() / "spool";
            std::filesystem::create_directory(settings_.spool_dir);
            intake_ = std::make_unique<Intake>(store_, objects_, web_, resolver_, clock_, random_, settings_);
        }
        return *intake_;
    }
    /// A file outside the spool folder, as a server leaves it.
    std::filesystem::path file_of(const std::string& bytes) {
        const auto path = folder_.path() / "body";
        darkroom::testing::write_file(path, bytes);
        return path;
    }
    bool spool_is_empty() const { return std::filesystem::is_empty(settings_.spool_dir); }
    ports::Access access() const { return ports::Access::of(user_); }

    template <class T>
    static core::ErrorCode code_of(const Result<T, Refusal>& result) {
        const auto* const error = result ? nullptr : std::get_if<core::JobError>(&result.error());
        return error != nullptr ? error->code : core::ErrorCode::internal;
    }
    template <class What, class T>
    static bool is(const Result<T, Refusal>& result) {
        return !result && std::holds_alternative<What>(result.error());
    }
    template <class T>
    static bool is(const Result<T, Refusal>& result, ports::UploadOutcome outcome) {
        const auto* const found = result ? nullptr : std::get_if<ports::UploadOutcome>(&result.error());
        return found != nullptr && *found == outcome;
    }
    template <class T>
    static bool is(const Result<T, Refusal>& result, ports::ObjectErrorKind kind) {
        const auto* const found = result ? nullptr : std::get_if<ports::ObjectError>(&result.error());
        return found != nullptr && found->kind == kind;
    }

    const UserId user_ = *UserId::parse("ann");
    const UserId stranger_ = *UserId::parse("bob");
    const std::string png_ = darkroom::testing::png_header(64, 48);
    darkroom::testing::TempDir folder_;
    darkroom::testing::UploadMemory store_;
    darkroom::testing::MemoryObjectStore objects_;
    darkroom::testing::ScriptedWeb web_;
    darkroom::testing::ScriptedResolver resolver_;
    darkroom::testing::ManualClock clock_;
    darkroom::testing::SeededRandom random_{5};
    IntakeSettings settings_;

private:
    std::unique_ptr<Intake> intake_;
};

}  // namespace darkroom::intake
