// Which of several endpoints gets the next job, by weight, job by job: smooth weighted round robin. Each turn
// gives every endpoint that has room its weight as credit; the one with most takes the job and pays all
// weights. What an endpoint without room would have got goes to the others. Credit is remembered, so that
// shares are right also where jobs come one at a time. No clock, no locks.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace darkroom::dispatch {

class WeightedTurns {
public:
    struct Member {
        std::string name;
        int weight = 1;  // less than 1 counts as 1
        int room = 0;    // jobs that it can take
    };

    /// How many of `jobs` each member is to take. Nothing is remembered yet.
    std::vector<int> share_out(int jobs, const std::vector<Member>& members) const;
    /// Who is to claim first: where the queue holds less than was shared out, the first ones get it.
    std::vector<std::size_t> order(const std::vector<Member>& members) const;
    /// How many each has really taken: the queue may have held less.
    void took(const std::vector<Member>& members, const std::vector<int>& taken);

private:
    std::vector<std::int64_t> credits_of(const std::vector<Member>& members) const;

    std::map<std::string, std::int64_t> credits_;
};

}  // namespace darkroom::dispatch
