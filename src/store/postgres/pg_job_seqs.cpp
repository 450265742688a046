// How a connection draws the seqs of jobs: from the database's sequence, by the hundred, for one transaction
// at a time.
#include "store/postgres/pg_database.h"

namespace darkroom::store {
namespace {

constexpr std::int64_t seqs_in_a_block = 100;
// Jobs are listed by seq: one that was drawn long ago would stand among those of then.
constexpr Milliseconds seqs_stay_fresh{1'000};

}  // namespace

// Drawn by the hundred, so that not every job costs a question; with the rest of the transaction if it is
// known how many there will be.
void PgDatabase::prepare_job_seqs() {
    if (steady_now() - drawn_at_ > seqs_stay_fresh) seqs_.clear();
    std::int64_t left = 0;
    for (const auto& block : seqs_) left += block.end - block.next;
    if (seqs_wanted_ > left) draw_blocks((seqs_wanted_ - left) / seqs_in_a_block + 1);
}

void PgDatabase::draw_blocks(std::int64_t blocks) {
    asked_seqs_ = ask("SELECT nextval('jobs_seq') FROM generate_series(1, ?)", blocks);
}

std::int64_t PgDatabase::draw_job_seq() {
    if (seqs_used_ == 0 && !asked_seqs_ && steady_now() - drawn_at_ > seqs_stay_fresh) seqs_.clear();
    if (seqs_.empty()) {
        if (!asked_seqs_) draw_blocks(1);
        auto rows = answer_to(*std::exchange(asked_seqs_, std::nullopt));
        while (rows.next()) seqs_.push_back({rows.integer(0), rows.integer(0) + seqs_in_a_block});
        drawn_at_ = steady_now();
    }
    auto& block = seqs_.front();
    const auto seq = block.next++;
    if (block.next == block.end) seqs_.pop_front();
    ++seqs_used_;
    return seq;
}

}  // namespace darkroom::store
