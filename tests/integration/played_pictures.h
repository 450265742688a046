// Pixel processes that the test plays: what begins with "fail:" and a code's name fails so, anything else is
// a picture of 64 × 48 and comes out as it went in.
#pragma once
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "ports/picture_work.h"

namespace darkroom::testing {

class PlayedPictures : public ports::PictureWork {
public:
    explicit PlayedPictures(std::filesystem::path dir) : dir_(std::move(dir)) {}

    std::unique_ptr<ports::PictureRun> prepare() override { return std::make_unique<Run>(*this); }

    /// Called in each run, before its result is there.
    void during_run(std::function<void()> hook) { during_run_ = std::move(hook); }
    /// What each run warns of.
    void warn(std::string warnings_json) { warnings_json_ = std::move(warnings_json); }
    int runs() const { return runs_; }
    /// Files that were made and are still where they were made.
    int files_left() const {
        int count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(dir_)) count += entry.is_regular_file();
        return count;
    }

private:
    class Run : public ports::PictureRun {
    public:
        explicit Run(PlayedPictures& pictures) : pictures_(pictures) {}
        ports::WorkResult run(const ports::PictureOrder& order) override {
            const int number = ++pictures_.runs_;
            if (pictures_.during_run_) pictures_.during_run_();
            if (stopped_) return failure(core::ErrorCode::cancelled);
            const bool is_composite = order.operation == "composite_through_region";
            if (order.operation != "keep_picture" && !is_composite)
                return failure(core::ErrorCode::recipe_not_found);
            auto bytes = content_of(order.input);
            for (const auto& part : order.parts) bytes += "+" + part.name + ":" + content_of(part.file);
            if (bytes.starts_with("fail:"))
                return failure(
                    core::parse_error_code(bytes.substr(5)).value_or(core::ErrorCode::input_unreadable));
            ports::WorkDone done;
            done.warnings_json = pictures_.warnings_json_;
            done.files.push_back(write(number, "main", "image/png", bytes));
            if (order.params_effective_json == "{}" || is_composite)
                done.files.push_back(write(number, "thumbnail", "image/jpeg", "small " + bytes));
            return done;
        }
        void stop() override { stopped_ = true; }

    private:
        static Failure<core::JobError> failure(core::ErrorCode code) {
            return Fail(core::JobError{code, std::string(core::traits(code).message)});
        }
        static std::string content_of(int file) {
            std::string bytes;
            char piece[4'096];
            for (off_t at = 0;;) {
                const auto count = ::pread(file, piece, sizeof piece, at);
                if (count <= 0) return bytes;
                bytes.append(piece, static_cast<std::size_t>(count));
                at += count;
            }
        }
        ports::ProducedFile write(int number, const std::string& role, const char* type,
                                  const std::string& bytes) const {
            const auto path = pictures_.dir_ / (std::to_string(number) + "." + role);
            std::ofstream(path, std::ios::binary) << bytes;
            return {role, path, type, 64, 48};
        }

        PlayedPictures& pictures_;
        std::atomic<bool> stopped_{false};
    };

    std::filesystem::path dir_;
    std::function<void()> during_run_;
    std::string warnings_json_ = "[]";
    std::atomic<int> runs_{0};
};

}  // namespace darkroom::testing
