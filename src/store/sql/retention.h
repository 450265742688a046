// What is kept for how long after a job's end. Jobs are walked in the order of their ends, past a mark for
// each kind of retention (table retention) that says how far it has come.
//
// retire_jobs() sets a flag on each job and names the objects; settle_slice() moves the mark once they are
// removed. A flag that is set past the mark of its kind means "being removed": such objects are named again,
// because nobody knows whether a process that died had removed them. Removing twice does no harm.
//
// The mark passes only over jobs that carry the flag. A job whose clock says that it ended before the mark
// (clocks go back) takes the mark back with it, so that none is ever forgotten.
//
// Steps are not walked: they go with their chain, which ends after them, so nothing that a living chain needs
// is ever taken.
#pragma once
#include "ports/job_store.h"
#include "store/sql/job_rows.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

ports::RetiredJobs retire_jobs(Transaction& transaction, ports::Retention what, TimePoint ended_before,
                               int jobs_max, TimePoint now);

/// Moves the mark, and with Retention::jobs removes the rows, of some jobs up to `up_to`. False = that was
/// all.
bool settle_slice(Transaction& transaction, ports::Retention what, const ports::RetirementMark& up_to);

/// The walk over the ends of jobs: after ?1, ?2, up to and with ?3, ?4. Told so that a test can ask for its
/// plan.
extern const char* const ended_jobs_sql;

/// Steps are not walked over.
void note_end(Transaction& transaction, const JobHead& job, TimePoint finished_at);
/// A job begins anew, and so do its outputs: what retention took of its earlier ones is forgotten, and a job
/// that showed such shows nothing until it has a new one.
void note_reopening(Database& db, JobHead& job);
bool inputs_removed(Database& db, std::int64_t job_seq);
bool outputs_removed(Database& db, std::int64_t job_seq);

}  // namespace darkroom::store
