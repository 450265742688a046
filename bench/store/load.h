// What the measurements put on a store: jobs as an app would create them, by few or many callers at once.
#pragma once
#include <memory>
#include <string>

#include "ports/job_store.h"
#include "store/sqlite/sqlite_job_store.h"

namespace darkroom::bench {

/// Opens or makes the store; ends the program with the reason if that fails.
std::unique_ptr<store::SqliteJobStore> open_store(const std::string& path, ports::Random& random);

/// A job with one input and the params and metadata of an ordinary request, about 700 bytes as a row.
ports::NewJob ordinary_job(ports::Random& random, int number);

/// Creates `count` jobs of `users` users from `callers` threads and returns the seconds it took.
double create_jobs(ports::JobStore& store, ports::Random& random, int callers, int count, int users = 100);

/// Claims `count` jobs and returns the seconds it took, commit included.
double claim_jobs(ports::JobStore& store, int count);

/// Ends everything in flight, so that the next claim finds free slots.
void finish_claimed(ports::JobStore& store);

}  // namespace darkroom::bench
