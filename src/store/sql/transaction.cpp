#include "store/sql/transaction.h"

#include <algorithm>

namespace darkroom::store {

// Of all ends the earliest one takes the marks back farthest.
void Transaction::note_end(const ports::RetirementMark& end) {
    const auto place = [](const ports::RetirementMark& mark) {
        return std::pair(mark.finished_at, mark.seq);
    };
    if (!earliest_end_ || place(end) < place(*earliest_end_)) earliest_end_ = end;
}

void Transaction::take_marks_back() {
    if (!earliest_end_) return;
    db.post("UPDATE retention SET finished_at = ?1, seq = ?2 - 1 WHERE (finished_at, seq) >= (?1, ?2)",
            earliest_end_->finished_at, earliest_end_->seq);
    earliest_end_.reset();
}

void Transaction::write_uses() {
    for (const auto& [upload, jobs] : uses_)
        db.post("UPDATE uploads SET used = used + ?2 WHERE id = ?1", upload, jobs);
    uses_.clear();
}

void Transaction::note_request(TimePoint now) {
    ++requests_;
    requests_at_ = std::max(requests_at_, now);
}

// More than one for each that came, so that a backlog shrinks.
void Transaction::forget_old_requests() {
    if (requests_ == 0) return;
    db.post(
        "DELETE FROM idempotency WHERE (user_id, key) IN"
        " (SELECT user_id, key FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
        requests_at_, 4 * requests_);
    requests_ = 0;
}

}  // namespace darkroom::store
