#include "upkeep/storage_sums.h"

#include <algorithm>

#include "base/log.h"

namespace darkroom::upkeep {
namespace {

constexpr int jobs_per_page = 200;

std::int64_t bytes_of(const core::Job& job) {
    std::int64_t bytes = 0;
    // What a step works on is the chain's, or was made by another step.
    if (!job.inputs_removed_at && !job.place) {
        for (const auto& input : job.inputs) bytes += static_cast<std::int64_t>(input.bytes);
    }
    if (job.outputs_removed_at) return bytes;
    for (const auto& attempt : job.attempts) {
        for (const auto& output : attempt.outputs) bytes += static_cast<std::int64_t>(output.bytes);
    }
    return bytes;
}

}  // namespace

StorageSums::StorageSums(ports::JobStore& store, const ports::Clock& clock, StorageSumSettings settings)
    : store_(store), clock_(clock), settings_(std::move(settings)), wake_up_(clock.make_wake_up()) {}

void StorageSums::run() {
    while (!stopping_) {
        if (settings_.is_wanted()) {
            if (!run_round() && !stopping_) log::warning("the storage of users could not be added up");
        } else {
            const std::lock_guard lock(mutex_);
            sums_.reset();
        }
        wake_up_->wait_until(clock_.monotonic() + settings_.period);
    }
}

void StorageSums::stop() {
    stopping_ = true;
    wake_up_->set();
}

bool StorageSums::run_round() {
    ByUser users;
    std::int64_t beyond = 0;
    if (!add_up({}, users, beyond)) return false;
    auto sums = largest_of(users, beyond);
    const std::lock_guard lock(mutex_);
    sums_ = std::move(sums);
    return true;
}

bool StorageSums::add_up(const ports::JobFilter& filter, ByUser& users, std::int64_t& beyond) {
    std::int64_t before = 0;
    do {
        const auto page = store_.list_jobs(ports::Access::everyone(), filter, before, jobs_per_page);
        if (!page || stopping_) return false;
        for (const auto& job : page->jobs) {
            add(job, users, beyond);
            if (job.steps.empty()) continue;
            ports::JobFilter steps;
            steps.chain = job.id;
            if (!add_up(steps, users, beyond)) return false;
        }
        before = page->next_before;
        if (before != 0) wake_up_->wait_until(clock_.monotonic() + settings_.pause);
    } while (before != 0);
    return !stopping_;
}

void StorageSums::add(const core::Job& job, ByUser& users, std::int64_t& beyond) const {
    const auto bytes = bytes_of(job);
    if (bytes == 0) return;
    const auto known = users.find(job.user.str());
    if (known != users.end())
        known->second += bytes;
    else if (users.size() < settings_.users_known_max)
        users.emplace(job.user.str(), bytes);
    else
        beyond += bytes;
}

StorageSums::Sums StorageSums::largest_of(const ByUser& users, std::int64_t beyond) const {
    Sums sums;
    sums.others = beyond;
    for (const auto& [user, bytes] : users) sums.largest.push_back({user, bytes});
    const auto named = std::min(sums.largest.size(), static_cast<std::size_t>(settings_.users_max));
    const auto end_of_named = sums.largest.begin() + static_cast<std::ptrdiff_t>(named);
    std::partial_sort(sums.largest.begin(), end_of_named, sums.largest.end(),
                      [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    for (auto rest = end_of_named; rest != sums.largest.end(); ++rest) sums.others += rest->bytes;
    sums.largest.resize(named);
    return sums;
}

std::optional<StorageSums::Sums> StorageSums::sums() const {
    const std::lock_guard lock(mutex_);
    return sums_;
}

}  // namespace darkroom::upkeep
