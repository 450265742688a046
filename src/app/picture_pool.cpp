#include "app/picture_pool.h"

#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace darkroom::app {
namespace {

using core::ErrorCode;

class PoolRun final : public ports::PictureRun {
public:
    PoolRun(imaging::ProcessPool& pool, const ports::Clock& clock) : pool_(pool), clock_(clock) {}

    ports::WorkResult run(const ports::PictureOrder& order) override {
        auto params = parse_json(order.params_effective_json);
        if (!params || !params->is_object())
            return Fail(core::JobError{ErrorCode::params_invalid, "The job's params cannot be read."});
        const Instant began = clock_.monotonic();
        auto finished = pool_.run({.operation = order.operation,
                                   .params = std::move(params->get_object()),
                                   .input = order.input,
                                   .parts = order.parts,
                                   .time_limit = order.time_limit},
                                  cancel_);
        if (!finished) return Fail(finished.error());
        ports::WorkDone done;
        done.files = std::move(finished->files);
        done.execution = std::chrono::duration_cast<Milliseconds>(clock_.monotonic() - began);
        if (finished->done.noop) finished->done.measures["noop"] = true;
        done.measures_json = boost::json::serialize(finished->done.measures);
        done.warnings_json = boost::json::serialize(finished->done.warnings);
        return done;
    }
    void stop() override { cancel_.set(ErrorCode::cancelled); }

private:
    imaging::ProcessPool& pool_;
    const ports::Clock& clock_;
    imaging::CancelFlag cancel_;
};

}  // namespace

std::unique_ptr<ports::PictureRun> PicturePool::prepare() { return std::make_unique<PoolRun>(pool_, clock_); }

}  // namespace darkroom::app
