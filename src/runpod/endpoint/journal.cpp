#include "runpod/endpoint/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json_writer.h"
#include "base/log.h"

namespace darkroom::runpod::endpoint {

Result<void, std::string> Journal::write_to(const std::filesystem::path& file) {
    file_ = UniqueFd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (file_.get() < 0)
        return Fail("The journal " + file.string() + " cannot be written: " + std::strerror(errno) + ".");
    return {};
}

void Journal::note(TimePoint now, std::string_view what, std::string_view job,
                   std::initializer_list<Detail> details, std::string_view marks_json) {
    JsonWriter json;
    json.begin_object().member("n", ++last_).member("at", now).member("what", what);
    if (!job.empty()) json.member("job", job);
    for (const auto& [name, value] : details) {
        json.key(name);
        std::visit([&](const auto& one) { json.value(one); }, value);
    }
    if (!marks_json.empty()) json.raw_member("darkroom", marks_json);
    json.end_object();
    auto line = json.take();
    write_line(line);
    const auto count = counts_.find(what);
    if (count == counts_.end()) {
        counts_.emplace(what, 1);
    } else {
        ++count->second;
    }
    entries_.push_back(std::move(line));
    if (entries_.size() > entries_max_) entries_.pop_front();
}

// A full disk must not end a test run: it is said once, and the entries stay in memory.
void Journal::write_line(const std::string& line) {
    if (file_.get() < 0 || file_failed_) return;
    const auto text = line + "\n";
    std::size_t done = 0;
    while (done < text.size()) {
        const auto wrote = ::write(file_.get(), text.data() + done, text.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            file_failed_ = true;
            log::error("the journal cannot be written any longer", {{"error", std::strerror(errno)}});
            return;
        }
        done += std::size_t(wrote);
    }
}

std::string Journal::entries_json(std::uint64_t after, std::size_t limit) const {
    const auto oldest = last_ - entries_.size() + 1;
    const auto from = std::max(after + 1, oldest);
    JsonWriter json;
    json.begin_object().key("entries").begin_array();
    auto next = std::max(after, oldest - 1);
    for (auto n = from; n <= last_ && n - from < limit; ++n) {
        json.raw(entries_[std::size_t(n - oldest)]);
        next = n;
    }
    json.end_array()
        .member("next", next)
        .member("last", last_)
        .member("lost", from - std::min(from, after + 1));
    json.end_object();
    return json.take();
}

std::string Journal::counts_json() const {
    JsonWriter json;
    json.begin_object();
    for (const auto& [what, count] : counts_) json.member(what, count);
    json.end_object();
    return json.take();
}

}  // namespace darkroom::runpod::endpoint
