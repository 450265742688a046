#include "bench/gateway/load.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "bench/gateway/http_talk.h"

namespace darkroom::bench {
namespace {

constexpr Milliseconds drain_limit{10'000};
constexpr std::chrono::nanoseconds longest_wait{20'000'000};

class Load {
public:
    explicit Load(const LoadPlan& plan) : plan_(plan), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        clients_.resize(static_cast<std::size_t>(plan.connections));
    }

    LoadResult run() {
        const auto begun = now();
        end_ = begun + plan_.duration;
        if (plan_.per_second > 0) {
            ask_at_rate(begun);
        } else {
            for (auto& client : clients_) ask(client, now());
            while (now() < end_) wait(Milliseconds(20));
        }
        result_.seconds = std::chrono::duration<double>(plan_.duration).count();
        const auto patience = now() + drain_limit;
        while (open_ > 0 && now() < patience) wait(Milliseconds(20));
        result_.failed += open_;
        return std::move(result_);
    }

private:
    struct Client {
        UniqueFd socket;
        std::string in;
        Instant sent;
    };

    static Instant now() { return std::chrono::steady_clock::now(); }

    void ask_at_rate(Instant begun) {
        for (auto& client : clients_) idle_.push_back(&client);
        const std::chrono::duration<double> between(1 / plan_.per_second);
        for (std::int64_t sent = 0; now() < end_;) {
            const auto due = begun + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                         static_cast<double>(sent) * between);
            if (due > now() || idle_.empty()) {
                const auto left = idle_.empty() ? Instant::duration(Milliseconds(20)) : due - now();
                wait(std::max(left, Instant::duration::zero()));
                continue;
            }
            auto* const client = idle_.back();
            idle_.pop_back();
            ask(*client, due);
            ++sent;
        }
    }

    void ask(Client& client, Instant due) {
        if (now() >= end_) return;
        if (!client.socket && !connect(client)) {
            ++result_.failed;
            return;
        }
        client.sent = due;
        // A request is far smaller than a socket's buffer, which is empty here.
        const auto sent =
            ::send(client.socket.get(), plan_.request.data(), plan_.request.size(), MSG_NOSIGNAL);
        if (sent != static_cast<ssize_t>(plan_.request.size())) {
            ++result_.failed;
            client.socket.reset();
            return;
        }
        ++open_;
    }

    bool connect(Client& client) {
        client.socket = connect_here(plan_.port);
        client.in.clear();
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &client;
        return client.socket && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, client.socket.get(), &event) == 0;
    }

    void wait(std::chrono::nanoseconds limit) {
        std::array<epoll_event, 64> events{};
        const timespec time{0, static_cast<long>(std::min(limit, longest_wait).count())};
        const int count = ::epoll_pwait2(epoll_.get(), events.data(), events.size(), &time, nullptr);
        for (int i = 0; i < count; ++i)
            read(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
    }

    void read(Client& client) {
        const auto got = ::recv(client.socket.get(), piece_.data(), piece_.size(), MSG_DONTWAIT);
        if (got <= 0) return lose(client);
        client.in.append(piece_.data(), static_cast<std::size_t>(got));
        const auto frame = find_answer(client.in);
        if (!frame) return;
        --open_;
        note(client, frame->status == plan_.expected_status);
        client.in.clear();  // one request at a time: nothing can follow
        if (frame->closes) client.socket.reset();
        next(client);
    }

    void next(Client& client) {
        if (plan_.per_second > 0) {
            idle_.push_back(&client);
        } else {
            ask(client, now());
        }
    }

    void note(const Client& client, bool as_expected) {
        if (!as_expected) {
            ++result_.failed;
            return;
        }
        ++result_.answered_all;
        const auto arrived = now();
        if (arrived > end_) return;
        ++result_.answered;
        result_.latencies_ms.push_back(
            std::chrono::duration<double, std::milli>(arrived - client.sent).count());
    }

    void lose(Client& client) {
        ++result_.failed;
        --open_;
        client.socket.reset();
        next(client);
    }

    const LoadPlan& plan_;
    UniqueFd epoll_;
    std::vector<Client> clients_;
    std::vector<Client*> idle_;  // at a fixed rate: who has nothing to do
    std::array<char, 65'536> piece_{};
    Instant end_;
    std::int64_t open_ = 0;  // requests without an answer yet
    LoadResult result_;
};

}  // namespace

LoadResult run_load(const LoadPlan& plan) { return Load(plan).run(); }

}  // namespace darkroom::bench
