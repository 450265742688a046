// Table tallies: how many there are of what, kept while it changes, so that nobody ever counts millions of
// rows. What one transaction changes is collected in memory and written once before its commit. Every writer
// has rows of its own (shard), so that no two wait for each other; who reads adds them up.
//
//   ready, backlog, delayed   by backend: places in the queue
//   jobs                      by "STATUS backend": rows of jobs, chains and steps among them
//   ended                     by "STATUS code type": those of them that have ended; the code is - without one
//   inputs, outputs           by user: bytes of uploads, and of what attempts made, that retention left
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "store/sql/database.h"

namespace darkroom::store {

namespace tally {
inline constexpr std::string_view ready = "ready";
inline constexpr std::string_view backlog = "backlog";
inline constexpr std::string_view delayed = "delayed";
inline constexpr std::string_view jobs = "jobs";
inline constexpr std::string_view ended = "ended";
inline constexpr std::string_view inputs = "inputs";
inline constexpr std::string_view outputs = "outputs";
}  // namespace tally

class Tallies {
public:
    /// `what` is one of the above.
    void add(std::string_view what, std::string label, std::int64_t more) {
        if (more != 0) deltas_[{what, std::move(label)}] += more;
    }
    /// As many jobs more in this state.
    void add_job(core::Status status, const std::string& backend, const std::string& type,
                 const std::optional<core::ErrorCode>& error, int more);
    void write(Database& db, const std::string& shard);

private:
    std::map<std::pair<std::string_view, std::string>, std::int64_t> deltas_;
};

/// Of all shards; the ones that nothing counts any more go.
void forget_empty_tallies(Database& db);

}  // namespace darkroom::store
