// What every part of the API works with. Borrowed from app, which outlives it.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/auth.h"
#include "api/job_watch.h"
#include "intake/intake.h"
#include "ports/clock.h"
#include "ports/dispatch_control.h"
#include "ports/job_store.h"
#include "ports/nodes.h"
#include "ports/object_store.h"
#include "ports/progress_board.h"
#include "ports/random.h"
#include "ports/remote_job_store.h"
#include "recipes/recipe_book.h"

namespace darkroom::api {

struct ApiSettings {
    std::string base_url;         // without a slash at the end; what signed URLs begin with
    std::string transfer_secret;  // of core/transfer_token.h
    bool dispatches = true;       // POST /dispatcher finds somebody to send jobs to
    std::string cron_secret;      // also allowed to POST /dispatcher; empty = none
    std::string metrics_token;    // also allowed to GET /metrics; empty = none
    bool metrics_public = false;  // everybody is
    std::uint64_t upload_bytes_max = 64u << 20;
    Milliseconds upload_url_life{10 * 60'000};
    Milliseconds download_url_life{3'600'000};
    Milliseconds wait_max{60'000};
    Milliseconds idempotency_life{24 * 3'600'000};
    std::vector<std::string> backends{"local"};  // kinds that are set up; the first one is a job's default
    std::vector<std::string> workflows_only;     // of these, those that cannot do what is built in
    std::filesystem::path spool_dir;             // where the file part of a multipart body is put down
};

struct ApiContext {
    ports::JobStore& store;
    ports::RemoteJobStore& remote_jobs;
    ports::ObjectStore& objects;
    intake::Intake& intake;
    ports::DispatchControl& dispatcher;
    const ports::Clock& clock;
    ports::Random& random;
    JobWatch& watch;
    Authenticator& authenticator;
    ApiSettings settings;
    ports::ObjectStore* volume = nullptr;  // the workers' network volume, if there is one beside `objects`
    std::function<std::shared_ptr<const recipes::RecipeBook>()> recipes = {};  // the book in use;
                                                                               // unset: what is built in
    const ports::ProgressBoard* progress = nullptr;  // none where no backend tells how far it is
    const ports::Nodes* nodes = nullptr;             // none: no other process shares the store
    std::function<bool()> is_stopping = {};          // asked by /readyz; unset = never
    std::function<std::string()> metrics = {};       // what a scrape gets; unset: there is no /metrics
};

}  // namespace darkroom::api
