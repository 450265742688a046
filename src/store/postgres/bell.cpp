#include "store/postgres/bell.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/log.h"

namespace darkroom::store {
namespace {

constexpr std::size_t message_bytes_max = 7'000;  // NOTIFY takes less than 8,000
constexpr std::size_t id_length = 36;
constexpr std::size_t changed_max = 20'000;  // beyond, others look at everything
constexpr Milliseconds between_tries{100};
constexpr Milliseconds just_heard{10'000};
constexpr Milliseconds gathering{3};  // of what commits close together have to tell

}  // namespace

std::vector<std::string> to_messages(const Ring& ring) {
    std::string flags;
    if (ring.ready) flags += 'r';
    if (ring.remote_due) flags += 'd';
    if (ring.stops) flags += 's';
    if (ring.look) flags += 'l';
    std::vector<std::string> messages;
    if (flags.empty() && ring.changed.empty()) return messages;
    messages.push_back(flags + ":");
    for (const auto& job : ring.changed) {
        if (messages.back().size() + id_length > message_bytes_max) messages.emplace_back(":");
        messages.back() += job.str();
    }
    return messages;
}

Ring parse_ring(std::string_view message) {
    Ring ring;
    const auto colon = message.find(':');
    if (colon == std::string_view::npos) return ring;
    const auto flags = message.substr(0, colon);
    ring.ready = flags.find('r') != std::string_view::npos;
    ring.remote_due = flags.find('d') != std::string_view::npos;
    ring.stops = flags.find('s') != std::string_view::npos;
    ring.look = flags.find('l') != std::string_view::npos;
    for (auto ids = message.substr(colon + 1); ids.size() >= id_length; ids.remove_prefix(id_length)) {
        if (const auto id = JobId::parse(ids.substr(0, id_length))) ring.changed.push_back(*id);
    }
    return ring;
}

Bell::Bell(PgSettings settings, Milliseconds look_every)
    : db_(std::move(settings), PgDatabase::Use::write),
      channel_(db_.connection().settings().schema + "_bell"),
      look_every_(look_every) {
    random_.seed(static_cast<unsigned>(::getpid()));
    wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    DR_CHECK(wake_fd_ >= 0);
}

Bell::~Bell() {
    stop();
    ::close(wake_fd_);
}

void Bell::start() {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "store-bell");
}

void Bell::stop() noexcept {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake();
    if (thread_.joinable()) thread_.join();
}

void Bell::set_listener(ports::StoreListener* listener) {
    const std::lock_guard lock(listener_mutex_);
    listener_ = listener;
}

// Whoever looked at the list of nodes may have done so before the one joined that was heard meanwhile.
void Bell::set_others(bool any) { others_ = any || steady_now() - heard_at_.load() < just_heard; }

void Bell::wake() const {
    const std::uint64_t one = 1;
    (void)!::write(wake_fd_, &one, sizeof one);
}

void Bell::ring(const News& news) {
    if (!others_ || (news.changed.empty() && !news.ready && !news.remote_due && !news.stops)) return;
    keep({news.changed, news.ready, news.remote_due, news.stops});
}

// With what waits already, to be told at once.
void Bell::keep(const Ring& ring) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.ready = waiting_.ready || ring.ready;
        waiting_.remote_due = waiting_.remote_due || ring.remote_due;
        waiting_.stops = waiting_.stops || ring.stops;
        waiting_.look = waiting_.look || ring.look;
        for (const auto& job : ring.changed) {
            if (waiting_ids_.size() >= changed_max) break;
            waiting_ids_.insert(job);
        }
        if (waiting_ids_.size() >= changed_max) waiting_.look = true;
    }
    wake();
}

void Bell::look_again() {
    {
        const std::lock_guard lock(mutex_);
        looks_again_ = true;
    }
    wake();
}

void Bell::tell_listener(const Ring& ring) {
    const std::lock_guard lock(listener_mutex_);
    if (listener_ == nullptr) return;
    for (const auto& job : ring.changed) listener_->job_changed(job);
    if (ring.ready) listener_->jobs_ready();
    if (ring.remote_due) listener_->remote_work_due();
    if (ring.stops) listener_->attempts_to_stop();
    if (ring.look) listener_->look_again();
}

// A connection that is new has missed what was said before; the first one has not: whoever opens a store
// looks by himself. Everybody hears that there is one more to tell.
void Bell::listen() {
    if (db_.is_connected()) return;
    db_.ensure_connected(Milliseconds(0));
    db_.execute("LISTEN " + channel_ + "; SELECT pg_notify('" + channel_ + "', ':')");
    if (has_listened_) look_again();
    if (!has_listened_) next_look_ = steady_now() + look_every_;
    has_listened_ = true;
}

// Not waited for by anybody, and not worth a sync of the disk.
void Bell::tell() {
    Ring ring;
    {
        const std::lock_guard lock(mutex_);
        ring = std::exchange(waiting_, Ring());
        ring.changed.assign(waiting_ids_.begin(), waiting_ids_.end());
        waiting_ids_.clear();
    }
    const auto messages = to_messages(ring);
    if (messages.empty()) return;
    try {
        for (const auto& message : messages) (void)db_.ask("SELECT pg_notify(?, ?)", channel_, message);
        db_.finish();
    } catch (const SqlFailure&) {
        // The others' connections may be well, so nothing else has them look: the next connection tells it.
        keep(ring);
        throw;
    }
}

void Bell::hear(const std::vector<PgConnection::Notice>& notices) {
    for (const auto& notice : notices) {
        if (notice.sender == db_.connection().server_pid()) continue;
        heard_at_ = steady_now();
        others_ = true;
        tell_listener(parse_ring(notice.text));
    }
}

Milliseconds Bell::until_next_look() const {
    const auto left = std::chrono::ceil<Milliseconds>(next_look_ - steady_now());
    return std::clamp(left, Milliseconds(0), look_every_);
}

void Bell::hear_and_tell() {
    hear(db_.connection().await_notices(until_next_look(), wake_fd_));
    std::uint64_t count = 0;
    if (::read(wake_fd_, &count, sizeof count) == sizeof count) {
        pause_for(gathering);
        tell();
    }
}

// Every few seconds something may be claimable or due that nobody told of; what others changed is looked at
// only after a gap.
void Bell::look_if_it_is_time() {
    bool asked = false;
    {
        const std::lock_guard lock(mutex_);
        asked = std::exchange(looks_again_, false);
    }
    if (!asked && steady_now() < next_look_) return;
    // Not all nodes at the same moment.
    next_look_ = steady_now() + look_every_ + look_every_ * static_cast<int>(random_() % 256) / 1'024;
    Ring everything;
    everything.ready = everything.remote_due = everything.stops = true;
    everything.look = asked;
    tell_listener(everything);
}

bool Bell::stops() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void Bell::run() {
    while (!stops()) {
        try {
            listen();
            look_if_it_is_time();
            hear_and_tell();
        } catch (const SqlFailure& failure) {
            if (db_.is_connected()) {
                log::warning("what nodes tell each other comes late", {{"detail", failure.what()}});
                db_.disconnect();
            }
            pause_for(between_tries);
        }
    }
}

}  // namespace darkroom::store
