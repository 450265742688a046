#include "upkeep/rounds.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "base/log.h"
#include "upkeep/orphans.h"
#include "upkeep/upload_expiry.h"

namespace darkroom::upkeep {
namespace {

constexpr std::array<std::string_view, 1> inputs_of_workers{"inputs/"};
constexpr std::array<std::string_view, 1> outputs_of_workers{"outputs/"};

std::string detail_of(const Trouble& trouble) {
    if (const auto* const store = std::get_if<ports::StoreError>(&trouble)) return store->detail;
    if (const auto* const objects = std::get_if<ports::ObjectError>(&trouble)) return objects->detail;
    return "there is no such place to go on from";
}

}  // namespace

Rounds::Rounds(ports::JobStore& store, ports::ObjectStore& objects, ports::ObjectStore* volume,
               const ports::Clock& clock, RoundSettings settings)
    : store_(store),
      objects_(objects),
      volume_(volume),
      clock_(clock),
      settings_(settings),
      wake_up_(clock.make_wake_up()),
      next_sweep_(clock.monotonic() + settings.sweep_period) {}

void Rounds::run() {
    while (!stopping_) {
        const bool led = leads();
        run_round();
        const auto next = clock_.monotonic() + settings_.period;
        while (!stopping_ && clock_.monotonic() < next && (led || !leads()))
            wake_up_->wait_until(settings_.nodes == nullptr
                                     ? next
                                     : std::min(next, clock_.monotonic() + settings_.leadership_look));
    }
}

void Rounds::stop() {
    stopping_ = true;
    wake_up_->set();
}

void Rounds::run_round() {
    if (!leads()) return;
    const auto now = clock_.now();
    const auto may_go_on = [this] { return !stopping_ && leads(); };
    if (const int removed = expire_uploads(store_, objects_, now, may_go_on); removed > 0)
        log::info("removed uploads that nobody used", {{"count", removed}});
    const auto retired = apply_retention(store_, objects_, settings_.retention, now, may_go_on);
    if (retired.jobs > 0) {
        log::info("removed what is not kept any longer",
                  {{"jobs", retired.jobs}, {"objects", retired.objects}});
    }
    // A difference is told where it is found.
    if (const auto counted = store_.recount_flow(); !counted)
        log::warning("the shares of users could not be counted", {{"detail", counted.error().detail}});
    if (clock_.monotonic() >= next_sweep_ && !stopping_) sweep();
}

void Rounds::sweep() {
    next_sweep_ = clock_.monotonic() + settings_.sweep_period;
    sweep_unfinished(objects_);
    if (volume_ != nullptr) sweep_volume(*volume_);
    for (auto* volume : more_volumes_) sweep_volume(*volume);
    // Without a volume beside it, the main storage may be the volume.
    if (volume_ == nullptr) sweep_of_workers(objects_, inputs_of_workers, settings_.unfinished_after);
    // A bucket, into which workers put outputs by URL, may serve two installations; a volume is one's own.
    sweep_of_workers(
        objects_, outputs_of_workers,
        objects_.capabilities().presigns ? settings_.outputs_abandoned_after : settings_.unfinished_after);
}

void Rounds::sweep_volume(ports::ObjectStore& volume) {
    sweep_unfinished(volume);
    sweep_of_workers(volume, inputs_of_workers, settings_.unfinished_after);
    sweep_of_workers(volume, outputs_of_workers, settings_.unfinished_after);
}

void Rounds::sweep_unfinished(ports::ObjectStore& objects) {
    const auto found = objects.remove_unfinished(clock_.now() - settings_.unfinished_after, false);
    if (!found) {
        log::warning("unfinished uploads could not be looked up", {{"detail", found.error().detail}});
    } else if (*found > 0) {
        log::info("removed unfinished uploads", {{"count", *found}});
    }
}

// What workers read and write is removed when its attempt ends; what a crash or a late worker left there is
// found here.
void Rounds::sweep_of_workers(ports::ObjectStore& objects, std::span<const std::string_view> prefixes,
                              Milliseconds age) {
    OrphanQuery query;
    query.written_before = clock_.now() - age;
    query.remove = true;
    std::size_t removed = 0;
    std::set<std::string> seen;
    do {
        const auto page = find_orphans(store_, objects, prefixes, query);
        if (!page) {
            log::warning("left-over files of workers could not be removed",
                         {{"detail", detail_of(page.error())}});
            return;
        }
        removed += page->orphans.size();
        query.place = page->next;
        // A store that names a page again leads in a circle.
    } while (!query.place.empty() && seen.insert(query.place).second && !stopping_ && leads());
    if (removed > 0)
        log::info("removed files of workers that were left over",
                  {{"count", static_cast<std::int64_t>(removed)}});
}

}  // namespace darkroom::upkeep
