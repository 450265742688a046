// The pixel processes as ports::PictureWork: what a driver sees of them.
#pragma once
#include "imaging/pool/process_pool.h"
#include "ports/clock.h"
#include "ports/picture_work.h"

namespace darkroom::app {

class PicturePool final : public ports::PictureWork {
public:
    /// Both must outlive the pool and every run.
    PicturePool(imaging::ProcessPool& pool, const ports::Clock& clock) : pool_(pool), clock_(clock) {}
    std::unique_ptr<ports::PictureRun> prepare() override;

private:
    imaging::ProcessPool& pool_;
    const ports::Clock& clock_;
};

}  // namespace darkroom::app
