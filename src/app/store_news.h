// Tells everybody in this process who waits for commits.
#pragma once
#include "api/job_watch.h"
#include "app/remote_rooms.h"
#include "dispatch/dispatcher.h"
#include "ports/job_store.h"

namespace darkroom::app {

class StoreNews : public ports::StoreListener {
public:
    /// `remote` may be nullptr. All outlive the news.
    StoreNews(dispatch::Dispatcher& dispatcher, api::JobWatch& watch, RemoteRooms* remote)
        : dispatcher_(dispatcher), watch_(watch), remote_(remote) {}

    void jobs_ready() override {
        dispatcher_.wake();
        if (remote_ != nullptr) remote_->jobs_ready();
    }
    void job_changed(const JobId& job) override { watch_.job_changed(job); }
    void attempts_to_stop() override {
        dispatcher_.attempts_to_stop();
        if (remote_ != nullptr) remote_->remote_work_due();
    }
    void look_again() override {
        dispatcher_.look_again();
        watch_.look_again();
        if (remote_ != nullptr) remote_->remote_work_due();
    }
    void remote_work_due() override {
        if (remote_ != nullptr) remote_->remote_work_due();
    }

private:
    dispatch::Dispatcher& dispatcher_;
    api::JobWatch& watch_;
    RemoteRooms* remote_;
};

}  // namespace darkroom::app
