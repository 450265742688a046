// An Intake for its tests. `World` is tests/support/upload_world.h: a store and a bucket in memory, a
// scripted web, a clock that stands still.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "base/log.h"
#include "intake/intake.h"

namespace darkroom::intake {

template <class World>
class IntakeFixture : public ::testing::Test, protected World {
protected:
    IntakeFixture() { log::configure(log::Level::off, log::Format::text); }

    Intake& intake() {
        if (!intake_) {
            settings_.spool_dir = this->folder_.path() / "spool";
            std::filesystem::create_directory(settings_.spool_dir);
            intake_ = std::make_unique<Intake>(this->store_, this->objects_, this->web_, this->resolver_,
                                               this->clock_, this->random_, settings_);
        }
        return *intake_;
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
    IntakeSettings settings_;

private:
    std::unique_ptr<Intake> intake_;
};

}  // namespace darkroom::intake
