// The queue's narrow tables: backlog, ready, delayed, inflight. A job waits in exactly one of the first three
// while it is QUEUED; an attempt has its row in flight from the claim until its backend no longer works on
// it. Who of those that wait is in ready, and where, is the flow book's business (flow_book.h).
#pragma once
#include <optional>
#include <vector>

#include "ports/job_store.h"
#include "store/sql/job_rows.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

struct InflightRow {
    std::int64_t job_seq = 0;
    int number = 0;  // of the attempt
    std::string endpoint;
    bool stopping = false;  // its job was cancelled
    NodeId node;            // who looks after it
    FlowKey flow;           // whose it is in the queue: the job may be meant for another backend by now
};

/// In ready: the order of claiming within a backend.
struct Place {
    std::int64_t vt = 0;
    std::int64_t job_seq = 0;
    UserId user;
};

/// What find_inflight() asks, told so that a database can foresee it.
extern const char* const inflight_sql;

FlowKey flow_of(const JobHead& job);

/// The job waits for its turn.
void enqueue(Transaction& transaction, const JobHead& job, bool is_new = false);
void enqueue_delayed(Transaction& transaction, const JobHead& job, TimePoint due_at);
/// Takes the job out of wherever it waits.
void dequeue(Transaction& transaction, const JobHead& job);
/// The first places in line.
std::vector<Place> first_in_line(Transaction& transaction, const std::string& backend,
                                 std::int64_t count_max);
/// To be worked on.
void take_place(Transaction& transaction, const std::string& backend, const Place& place);

void insert_inflight(Database& db, const AttemptId& attempt, const InflightRow& row);
std::optional<InflightRow> find_inflight(Database& db, const AttemptId& attempt);
void mark_stopping(Database& db, const AttemptId& attempt);
/// It is there: one who frees a slot that is no more would give its user two.
void remove_inflight(Transaction& transaction, const AttemptId& attempt, const FlowKey& flow);
/// The rows of all attempts of a job, if there still are any; whether there were.
bool remove_inflight_of_job(Transaction& transaction, std::int64_t job_seq);
/// Those of one node; of all nodes: Database::count_inflight().
std::int64_t count_inflight(Database& db, const std::string& endpoint, const NodeId& node);
std::vector<ports::InflightAttempt> list_inflight(Database& db, const std::string& endpoint,
                                                  const NodeId& this_node);

ports::Promotion promote_due(Transaction& transaction, TimePoint now, int count_max);
ports::QueueCounts count_queue(Database& db);

}  // namespace darkroom::store
