// Tables webhook_inbox and callback_ids: what came in, kept before it was answered until it was worked off,
// and the ids of callbacks that must not be taken twice.
#pragma once
#include <string>
#include <vector>

#include "ports/remote_job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

ports::Received receive(Transaction& transaction, const ports::InboxEntry& entry);

/// Who reads: what belongs to attempts that nobody looks after is the leader's.
struct InboxReader {
    NodeId node;
    bool leads = true;
};
std::vector<ports::InboxEntry> list_inbox(Database& db, const InboxReader& reader, int count_max);
/// The body goes: its digest and its length tell enough of what is done.
void settle_inbox(Database& db, std::int64_t seq, const std::string& outcome);
/// Some of what came in before, so that others need not wait for all of it. False = that was all.
bool forget_inbox_slice(Database& db, TimePoint received_before);

}  // namespace darkroom::store
