#include "dispatch/follower.h"

#include <algorithm>
#include <map>

#include "base/log.h"

namespace darkroom::dispatch {
namespace {

constexpr int rows_per_listing = 64;
constexpr int entries_per_listing = 32;  // with bodies of up to a mebibyte
constexpr Milliseconds forget_every{3'600'000};

}  // namespace

Follower::Follower(ports::JobStore& jobs, ports::RemoteJobStore& remote_jobs, const RemoteSites& sites,
                   Collector& collector, ports::PictureWork& pictures, const ports::Clock& clock,
                   ports::Random& random, FollowerSettings settings, FollowerHooks hooks)
    : remote_jobs_(remote_jobs),
      sites_(sites),
      clock_(clock),
      settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      node_(settings_.nodes),
      outputs_(pictures, settings_.outputs),
      ends_(jobs, remote_jobs, collector, outputs_, clock, random, settings_.times, *settings_.meters),
      watch_(jobs, sites, ends_, hooks_.submit_again),
      inbox_(remote_jobs, watch_, clock, *settings_.meters) {}

void Follower::run() {
    const auto wake_up = clock_.make_wake_up();
    {
        const std::lock_guard lock(mutex_);
        threads_.push_back(wake_up.get());
    }
    while (!stopping_) {
        const auto errand = take();
        if (!errand) {
            wake_up->wait_until(next_listing());
            continue;
        }
        // What the store did not take is still due: not at once, or a broken store means a storm of looks.
        if (!do_errand(*errand)) {
            const auto try_again_at = clock_.monotonic() + settings_.times.store_pause;
            while (!stopping_ && clock_.monotonic() < try_again_at) wake_up->wait_until(try_again_at);
        }
        put_back(*errand);
    }
    const std::lock_guard lock(mutex_);
    threads_.erase(std::find(threads_.begin(), threads_.end(), wake_up.get()));
}

void Follower::stop() {
    stopping_ = true;
    outputs_.stop();
    for (auto* site : sites_.all()) site->stop();
    wake();
}

void Follower::wake() {
    const std::lock_guard lock(mutex_);
    changed_ = true;
    for (auto* thread : threads_) thread->set();
}

bool Follower::run_round() {
    {
        const std::lock_guard lock(mutex_);
        changed_ = true;
        list_failed_ = false;
    }
    while (const auto errand = take()) {
        const bool taken = do_errand(*errand);
        put_back(*errand);
        if (!taken) return false;
    }
    const std::lock_guard lock(mutex_);
    return !list_failed_;
}

std::optional<Follower::Errand> Follower::take() {
    if (begin_listing()) hand_out(list());
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    auto errand = std::move(waiting_.front());
    waiting_.pop_front();
    return errand;
}

bool Follower::begin_listing() {
    const std::lock_guard lock(mutex_);
    const bool is_time = changed_ || clock_.monotonic() >= list_at_;
    if (!waiting_.empty() || listing_ || !is_time) return false;
    listing_ = true;
    released_meanwhile_.clear();
    changed_ = false;
    if (!started_at_) started_at_ = clock_.now();
    return true;
}

std::optional<Follower::Listing> Follower::list() {
    forget_old();
    const auto holder = node_.id();
    const auto entries = remote_jobs_.list_inbox(entries_per_listing);
    const auto rows = remote_jobs_.list_due_remote_jobs(clock_.now(), rows_per_listing);
    const auto next_look = remote_jobs_.next_remote_look();
    if (!entries || !rows || !next_look) {
        log::error("what is due of remote jobs could not be read");
        return std::nullopt;
    }
    Listing listing;
    std::map<AttemptId, std::size_t> places;
    const auto errand_of = [&](const AttemptId& attempt) -> Errand& {
        const auto [place, is_new] = places.try_emplace(attempt, listing.errands.size());
        if (is_new) listing.errands.push_back({attempt, {}, holder});
        return listing.errands[place->second];
    };
    for (const auto& entry : *entries) {
        errand_of(entry.attempt).entries.push_back(entry);
        listing.left_over |= entry.received_at <= *started_at_;
    }
    for (const auto& row : *rows) {
        (void)errand_of(row.ref.attempt);
        listing.left_over |= row.look_at <= *started_at_;
    }
    listing.next_look = *next_look;
    listing.more = entries->size() == entries_per_listing || rows->size() == rows_per_listing;
    return listing;
}

void Follower::hand_out(std::optional<Listing> listing) {
    const auto now = clock_.now();
    const auto instant = clock_.monotonic();
    bool passed = false;
    {
        const std::lock_guard lock(mutex_);
        listing_ = false;
        list_failed_ = !listing;
        list_at_ = instant + settings_.times.store_pause;
        if (!listing) return;
        const auto given = in_hand_.size();
        for (auto& errand : listing->errands) {
            // What was put back while the store was read may have been read before that.
            if (released_meanwhile_.count(errand.attempt) > 0)
                changed_ = true;
            else if (in_hand_.insert(errand.attempt).second)
                waiting_.push_back(std::move(errand));
        }
        const auto added = in_hand_.size() - given;
        skipped_ = added < listing->errands.size();
        changed_ |= listing->more && added > 0;
        auto pause = settings_.times.quiet_round;
        if (listing->next_look) pause = std::clamp(*listing->next_look - now, Milliseconds(0), pause);
        // What is in hand may stay due all the while.
        if (in_hand_.empty() || pause > settings_.times.store_pause) list_at_ = instant + pause;
        if (!listing->left_over) passed = !first_pass_done_.exchange(true);
        // Also those that wait for another time than the one that was found now.
        if (added > 0) {
            for (auto* thread : threads_) thread->set();
        }
    }
    if (passed) hooks_.first_pass();
}

void Follower::forget_old() {
    if (clock_.monotonic() < forget_at_) return;
    forget_at_ = clock_.monotonic() + forget_every;
    if (!remote_jobs_.forget_inbox(clock_.now() - settings_.inbox_kept))
        log::warning("old entries of the inbox could not be removed");
}

// What was listed as another node is not this one's any more: whoever has taken it over looks after it.
bool Follower::do_errand(const Errand& errand) {
    if (!node_.is(errand.holder)) return true;
    if (!errand.entries.empty() && !inbox_.take(errand.attempt, errand.entries)) return false;
    if (stopping_ || !node_.is(errand.holder)) return true;
    // What came in may have ended some of the rows, put off their next look, or made others due.
    const auto rows = remote_jobs_.find_remote_jobs(errand.attempt);
    if (!rows) return false;
    bool all_taken = true;
    for (const auto& row : *rows) {
        if (row.state == ports::RemoteState::ended || row.look_at > clock_.now()) continue;
        all_taken &= watch_.follow(row, "poll").step != Step::store_failed;
    }
    return all_taken;
}

void Follower::put_back(const Errand& errand) {
    const std::lock_guard lock(mutex_);
    in_hand_.erase(errand.attempt);
    if (listing_) released_meanwhile_.insert(errand.attempt);
    // It may be due again before anything that was known when the store was last read.
    list_at_ = std::min(list_at_, clock_.monotonic() + settings_.times.first_look);
    changed_ |= skipped_ || !first_pass_done_;
    if (changed_) {
        for (auto* thread : threads_) thread->set();
    }
}

Instant Follower::next_listing() const {
    const std::lock_guard lock(mutex_);
    return listing_ ? clock_.monotonic() + settings_.times.quiet_round : list_at_;
}

}  // namespace darkroom::dispatch
