// Sends claimed jobs to the remote endpoints they were claimed for, each once, and writes down what became of
// it: taken, given back at no cost, given up, or unclear, which the follower then looks after. The claim has
// written each one as intended before: a process that dies at any line here leaves a row that is looked
// after, and nothing is ever sent twice by a restart.
//
//   answer                 first submit of an attempt          further submit, after an unclear one
//   taken                  note_submitted                      note_submitted
//   refused: again_later   give_back, later                    its row ends as refused, the older one waits
//   refused: pause         give_back; the endpoint is closed   as above
//   refused: give_up       the attempt fails                   the attempt fails
//   unclear                note_unclear, adopt window          note_unclear, adopt window
//
// A node whose lease may be over sends nothing: what it still holds it gives back, and what has been taken
// over is the other node's to look after.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "core/job.h"
#include "dispatch/collector.h"
#include "dispatch/errand_queue.h"
#include "dispatch/refusal_memory.h"
#include "dispatch/remote_sites.h"
#include "dispatch/site_pace.h"
#include "dispatch/this_node.h"
#include "dispatch/work_order.h"
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/remote_backend.h"
#include "ports/remote_job_store.h"

namespace darkroom::dispatch {

struct SubmitterSettings {
    std::string signing_secret;  // of attempt tokens
    Milliseconds time_limit{600'000};
    RecipeLimit limit_of_recipe = {};       // none = time_limit holds for all
    Milliseconds queue_budget{86'400'000};  // how long a job may wait at the endpoint
    Milliseconds spare{300'000};            // beyond both, before the endpoint may forget it
    Milliseconds intended_look{120'000};    // after a claim, should this process not live to send
    Milliseconds adopt_window{30'000};      // for the name of an unclear submit to be heard
    Milliseconds first_look{2'000};         // after a submit that was taken
    int submissions_max = 3;                // of one attempt that may have arrived
    PaceRules pace;
    const ports::Nodes* nodes = nullptr;  // none: no other process can take over what this one holds
};

/// Called from any thread; must be quick.
struct SubmitterNews {
    std::function<void()> slot_freed = [] {};    // the dispatcher may claim again
    std::function<void()> look_changed = [] {};  // the follower's next look may be earlier than it thinks
};

enum class Resubmit {
    accepted,   // it will be sent, or another submit of this attempt is known to be there or on its way
    exhausted,  // no more: as many as are allowed may have arrived, or the endpoint gets no new work
    over,       // the attempt is over: nothing is to be sent
    not_now     // the endpoint is in trouble, the store does not answer, or we stop: ask again later
};

/// Safe to use from many threads at once.
class Submitter {
public:
    /// All references outlive the submitter.
    Submitter(ports::JobStore& jobs, ports::RemoteJobStore& remote_jobs, const RemoteSites& sites,
              Collector& collector, const ports::Clock& clock, SubmitterSettings settings,
              SubmitterNews news);

    /// What a claim for `site` is to write down.
    ports::RemotePlan plan_for(const ports::RemoteBackend& site) const;
    /// Who takes what is claimed next: asked before the claim.
    NodeId holder() const { return node_.id(); }
    /// Takes a job that was claimed with plan_for(). Never blocks, but after stop() it is given back at once.
    void add(core::Job claimed, ports::RemoteBackend& site, const NodeId& holder);
    /// One more submit of the attempt of `unclear`, which has no name although its adopt window is over, to
    /// where it was sent. Opens the row; a thread of run() sends it. Asking again while one is on its way
    /// changes nothing.
    Resubmit submit_again(const core::Job& job, const ports::RemoteJob& unclear);

    /// Sends until stop(); called by each of the threads that are to send.
    void run();
    /// Sends one that waits, in the calling thread; false if none does. For who has no threads.
    bool send_next();
    /// Ends every run() after the call it is in; what was not sent is given back.
    void stop();

    SitePace& pace() { return pace_; }

private:
    enum class Standing { to_send, needless, unwanted, settled, unknown };

    struct Reopened {
        Resubmit answer;
        bool in_hand = false;  // an errand was added
    };

    Reopened open_again(const core::Job& job, const ports::RemoteJob& unclear, ports::RemoteBackend& site);
    void carry_out(const Errand& errand);
    void send(const Errand& errand, TimePoint deadline);
    /// What has become of the errand's row while it waited; `deadline` is the row's.
    Standing standing_of(const Errand& errand, TimePoint& deadline);
    ports::RemoteOrder order_of(const Errand& errand, TimePoint deadline) const;

    void settle(const Errand& errand, const ports::SubmitTaken& taken);
    void settle(const Errand& errand, const ports::SubmitRefused& refused);
    void settle(const Errand& errand, const ports::SubmitUnclear& unclear);
    void stay_unclear(const Errand& errand);
    /// It certainly is not there: as if it had never been claimed, or repeated.
    void take_back(const Errand& errand, std::optional<Milliseconds> retry_after, const std::string& why,
                   const std::string& ended_as);
    void give_up(const Errand& errand, const core::JobError& error);
    void end_leftover(const Errand& errand, const std::string& ended_as);
    bool is_recorded(const std::function<Recorded()>& end);
    void end_row(const Errand& errand, const std::string& ended_as);

    std::optional<std::string> why_closed(const ports::RemoteBackend& site) const;
    void tell_refusal(const Errand& errand, const ports::SubmitRefused& refused);
    template <class Step>
    auto insist(const Errand& errand, const Step& step) -> decltype(step());

    ports::JobStore& jobs_;
    ports::RemoteJobStore& remote_jobs_;
    const RemoteSites& sites_;
    Collector& collector_;
    const ports::Clock& clock_;
    const SubmitterSettings settings_;
    const SubmitterNews news_;
    const ThisNode node_;
    SitePace pace_;
    ErrandQueue queue_;
    RefusalMemory refusals_;
};

}  // namespace darkroom::dispatch
