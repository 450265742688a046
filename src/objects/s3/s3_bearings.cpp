#include "objects/s3/s3_bearings.h"

#include <cstdlib>

#include "base/log.h"

namespace darkroom::objects {
namespace {

constexpr Milliseconds tolerated = std::chrono::minutes(1);

Milliseconds size_of(Milliseconds offset) { return offset < Milliseconds{0} ? -offset : offset; }

}  // namespace

std::optional<Milliseconds> S3Times::offset() const {
    if (!date) return std::nullopt;
    const auto date_end = *date + Milliseconds{999};
    if (date_end < sent) return date_end - sent;
    if (*date > received) return *date - received;
    return Milliseconds{0};
}

S3Route S3Bearings::route() const {
    const std::lock_guard lock(mutex_);
    return route_;
}

void S3Bearings::move_to(const S3Route& route) {
    bool warns = false;
    {
        const std::lock_guard lock(mutex_);
        warns = !warned_of_region_;
        warned_of_region_ = true;
        route_ = route;
    }
    if (!warns) return;
    log::warning("the bucket is elsewhere; set " + settings_.names.region + " to spare each start a detour",
                 {{"bucket", settings_.bucket},
                  {"region_set", settings_.region},
                  {"region", route.region},
                  {"host", route.address.host()}});
}

Milliseconds S3Bearings::applied_offset() const {
    const std::lock_guard lock(mutex_);
    return applied_;
}

std::optional<Milliseconds> S3Bearings::seen_offset() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

void S3Bearings::see(const S3Times& times) {
    const auto offset = times.offset();
    if (!offset) return;
    {
        const std::lock_guard lock(mutex_);
        seen_ = *offset;
        applied_ = size_of(*offset) > tolerated ? *offset : Milliseconds{0};
    }
    warn_of_clock(*offset);
}

bool S3Bearings::take_over(const S3Times& times) {
    const auto offset = times.offset();
    if (!offset) return false;
    {
        const std::lock_guard lock(mutex_);
        seen_ = *offset;
        // Not applied_: another thread may have taken it over since this request was signed.
        if (size_of(*offset - times.signed_with) < std::chrono::seconds(2)) return false;
        applied_ = *offset;
    }
    warn_of_clock(*offset);
    return true;
}

void S3Bearings::warn_of_clock(Milliseconds offset) {
    {
        const std::lock_guard lock(mutex_);
        const bool off = size_of(offset) > tolerated;
        const bool warns = off && !warned_of_clock_;
        warned_of_clock_ = off;
        if (!warns) return;
    }
    log::warning("this machine's clock is wrong by the storage's; requests are signed by the storage's time",
                 {{"seconds_behind", offset.count() / 1'000}});
}

}  // namespace darkroom::objects
