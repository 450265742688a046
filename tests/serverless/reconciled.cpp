#include "tests/serverless/reconciled.h"

#include <map>
#include <set>

namespace darkroom::e2e {

Reconciliation reconcile(const std::vector<JournalEntry>& journal,
                         const std::vector<boost::json::value>& remote_jobs) {
    Reconciliation result;
    std::set<std::string> known;
    std::set<std::string> in_vain;
    std::map<std::string, int> nameless;  // submits by attempt
    for (const auto& row : remote_jobs) {
        const auto remote_id = text_at(row, "/remote_id");
        if (remote_id.empty()) {
            ++nameless[text_at(row, "/attempt_id")];
            continue;
        }
        const auto ended_as = text_at(row, "/ended_as");
        if (ended_as.empty()) result.open.push_back(remote_id);
        known.insert(remote_id);
        if (ended_as == "gone") in_vain.insert(remote_id);
    }
    std::set<std::string> made;
    for (const auto& entry : journal) {
        if (entry.what != "submit") continue;
        ++result.remote_jobs;
        made.insert(entry.remote_id);
        if (known.count(entry.remote_id) != 0) {
            ++result.named;
        } else if (nameless[entry.attempt]-- > 0) {
            ++result.unnamed;
        } else {
            result.unaccounted.push_back(entry.remote_id + " of attempt " + entry.attempt);
        }
    }
    for (const auto& id : known) {
        if (made.count(id) + in_vain.count(id) == 0) result.invented.push_back(id);
    }
    return result;
}

}  // namespace darkroom::e2e
