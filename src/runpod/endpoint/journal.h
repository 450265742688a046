// What really happened: each submit, execution, result, end, webhook and fault, in order. Tests compare what
// Darkroom believes with this. The newest entries are kept in memory; a file, if one is named, gets them all,
// one JSON object a line. API keys are in none of them; webhook URLs are, with whatever token they carry.
#pragma once
#include <cstdint>
#include <deque>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace darkroom::runpod::endpoint {

class Journal {
public:
    using Detail = std::pair<std::string_view, std::variant<std::string_view, std::int64_t>>;

    explicit Journal(std::size_t entries_max) : entries_max_(entries_max) {}
    /// Appends to `file` from now on; the error is a sentence.
    Result<void, std::string> write_to(const std::filesystem::path& file);

    /// `what` is one word: submit, take, progress, result, end, webhook, cancel, requeue, expire, fault …
    /// `marks_json` is the `_darkroom` object of the job's input, or empty.
    void note(TimePoint now, std::string_view what, std::string_view job,
              std::initializer_list<Detail> details = {}, std::string_view marks_json = {});

    /// Entries numbered above `after`, at most `limit`, as {"entries":[…],"next":n,"last":n,"lost":n}.
    /// `lost` counts entries above `after` that are no longer in memory.
    std::string entries_json(std::uint64_t after, std::size_t limit) const;
    /// How many of each, as {"submit":3,…}; counts also what is no longer in memory.
    std::string counts_json() const;
    bool file_failed() const { return file_failed_; }

private:
    void write_line(const std::string& line);

    std::size_t entries_max_;
    std::deque<std::string> entries_;
    std::uint64_t last_ = 0;
    std::map<std::string, std::uint64_t, std::less<>> counts_;
    UniqueFd file_;
    bool file_failed_ = false;
};

}  // namespace darkroom::runpod::endpoint
