// The queue's narrow tables: ready, delayed, inflight. A job waits in exactly one of the first two while it
// is QUEUED; an attempt has its row in flight from the claim until its backend no longer works on it.
#pragma once
#include <optional>
#include <vector>

#include "ports/job_store.h"
#include "store/sql/job_rows.h"

namespace darkroom::store {

struct InflightRow {
    std::int64_t job_seq = 0;
    int number = 0;  // of the attempt
    std::string endpoint;
    bool stopping = false;  // its job was cancelled
    NodeId node;            // who looks after it
};

/// In ready: the order of claiming within a backend.
struct Place {
    std::int64_t rank = 0;  // -priority
    std::int64_t job_seq = 0;
};

void enqueue_ready(Database& db, const JobHead& job);
void enqueue_delayed(Database& db, const JobHead& job, TimePoint due_at);
/// Takes the job out of wherever it waits.
void dequeue(Database& db, const JobHead& job);
/// The first places in line, by priority, then age.
std::vector<Place> first_in_line(Database& db, const std::string& backend, std::int64_t count_max);
void leave_line(Database& db, const std::string& backend, const Place& place);

void insert_inflight(Database& db, const AttemptId& attempt, const InflightRow& row);
std::optional<InflightRow> find_inflight(Database& db, const AttemptId& attempt);
void mark_stopping(Database& db, const AttemptId& attempt);
void remove_inflight(Database& db, const AttemptId& attempt);
std::int64_t count_inflight(Database& db, const std::string& endpoint);
/// Those of one node.
std::int64_t count_inflight(Database& db, const std::string& endpoint, const NodeId& node);
std::vector<ports::InflightAttempt> list_inflight(Database& db, const std::string& endpoint,
                                                  const NodeId& this_node);

ports::Promotion promote_due(Database& db, TimePoint now, int count_max);
ports::QueueCounts count_queue(Database& db);

}  // namespace darkroom::store
