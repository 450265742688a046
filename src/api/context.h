// What every part of the API works with. Borrowed from app, which outlives it.
#pragma once
#include <filesystem>
#include <string>

#include "api/auth.h"
#include "api/job_watch.h"
#include "core/image_header_limits.h"
#include "ports/clock.h"
#include "ports/dispatch_control.h"
#include "ports/job_store.h"
#include "ports/object_store.h"
#include "ports/random.h"

namespace darkroom::api {

struct ApiSettings {
    std::string base_url;         // without a slash at the end; what signed URLs begin with
    std::string transfer_secret;  // of core/transfer_token.h
    std::string cron_secret;      // also allowed to POST /dispatcher; empty = none
    core::ImageLimits limits;
    std::uint64_t upload_bytes_max = 64u << 20;
    Milliseconds upload_url_life{15 * 60'000};
    Milliseconds upload_life{24 * 3'600'000};  // of a complete upload that no job uses
    Milliseconds download_url_life{3'600'000};
    Milliseconds wait_max{60'000};
    Milliseconds idempotency_life{24 * 3'600'000};
    std::filesystem::path spool_dir;  // where the file part of a multipart body is put down
};

struct ApiContext {
    ports::JobStore& store;
    ports::ObjectStore& objects;
    ports::DispatchControl& dispatcher;
    const ports::Clock& clock;
    ports::Random& random;
    JobWatch& watch;
    Authenticator& authenticator;
    ApiSettings settings;
};

}  // namespace darkroom::api
