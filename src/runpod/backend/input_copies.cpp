#include "runpod/backend/input_copies.h"

#include <optional>

#include "base/log.h"
#include "runpod/backend/storage_refusal.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;

constexpr std::size_t uses_max = 65'536;  // beyond, upkeep removes what is forgotten here
constexpr Milliseconds while_it_goes{2'000};

/// Reads an open object; remembers how reading failed, because the store that takes the bytes may tell it in
/// its own words.
class ReaderSource : public ports::ByteSource {
public:
    explicit ReaderSource(ports::ObjectReader& reader) : reader_(reader) {}
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
        auto got = reader_.read(buffer);
        if (!got) failed_ = got.error();
        return got;
    }
    const std::optional<ports::ObjectError>& failed() const { return failed_; }

private:
    ports::ObjectReader& reader_;
    std::optional<ports::ObjectError> failed_;
};

Failure<ports::SubmitRefused> changed() {
    return Fail(give_up(ErrorCode::input_changed, "the input is not the one that the job was created with"));
}

}  // namespace

InputCopies::InputCopies(ports::ObjectStore& main, ports::ObjectStore& volume)
    : main_(main), volume_(volume) {}

bool InputCopies::note(const JobId& job, const AttemptId& attempt, const core::ObjectKey& key) {
    const std::lock_guard lock(mutex_);
    auto& use = uses_[job];
    if (use.going) return false;
    use = {attempt, key};
    if (uses_.size() > uses_max)
        uses_.erase(uses_.begin()->first == job ? std::next(uses_.begin()) : uses_.begin());
    return true;
}

Result<core::ObjectKey, ports::SubmitRefused> InputCopies::place(const JobId& job, const AttemptId& attempt,
                                                                 const core::InputImage& input) {
    const auto extension = core::extension_of(input.content_type);
    if (!extension)
        return Fail(give_up(ErrorCode::input_unsupported_format, "the input is of no type that is kept"));
    const auto key = core::ObjectKey::worker_input(job, *extension);
    if (!note(job, attempt, key)) {
        return Fail(ports::SubmitRefused{ports::RefusalRule::again_later,
                                         {ErrorCode::storage_unavailable, ""},
                                         "the input's copy for an earlier attempt is just being removed",
                                         while_it_goes});
    }
    const auto there = volume_.head(key);
    if (there && there->bytes == input.bytes) return key;
    if (!there && there.error().kind != ports::ObjectErrorKind::missing)
        return Fail(refusal_of(there.error(), "look for the input on the network volume"));
    if (auto copied = copy(input, key); !copied) return Fail(std::move(copied).error());
    return key;
}

Result<void, ports::SubmitRefused> InputCopies::copy(const core::InputImage& input,
                                                     const core::ObjectKey& to) {
    if (&main_ != &volume_ || !volume_.capabilities().copies) return send(input, to);
    const auto head = main_.head(input.key);
    if (!head) return Fail(refusal_of(head.error(), "look at the input"));
    if (!input.version.empty() && head->version != input.version) return changed();
    const auto copied = volume_.copy(input.key, to);
    if (!copied) return Fail(refusal_of(copied.error(), "copy the input"));
    return {};
}

Result<void, ports::SubmitRefused> InputCopies::send(const core::InputImage& input,
                                                     const core::ObjectKey& to) {
    auto reader = main_.open(input.key, {.offset = 0, .length = {}, .version = input.version});
    if (!reader) return Fail(refusal_of(reader.error(), "read the input"));
    if (input.bytes != 0 && (*reader)->bytes() != input.bytes) return changed();
    ReaderSource source(**reader);
    const auto put = volume_.put(to, source);
    if (source.failed()) return Fail(refusal_of(*source.failed(), "read the input"));
    if (!put) {
        // The volume has no say in whether the input is there.
        auto error = put.error();
        if (error.kind == ports::ObjectErrorKind::missing) error.kind = ports::ObjectErrorKind::misconfigured;
        return Fail(refusal_of(error, "put the input on the network volume"));
    }
    if (input.sha256.empty() || put->sha256.empty() || put->sha256 == input.sha256) return {};
    if (const auto removed = volume_.remove(to); !removed)
        log::warning("a wrong input stays on the volume", {{"detail", removed.error().detail}});
    return changed();
}

void InputCopies::release(const JobId& job, const AttemptId& attempt) {
    core::ObjectKey key;
    {
        const std::lock_guard lock(mutex_);
        const auto found = uses_.find(job);
        if (found == uses_.end() || found->second.attempt != attempt || found->second.going) return;
        found->second.going = true;
        key = found->second.key;
    }
    if (const auto removed = volume_.remove(key); !removed)
        log::info("a worker's input is left to upkeep",
                  {{"key", key.str()}, {"detail", removed.error().detail}});
    const std::lock_guard lock(mutex_);
    uses_.erase(job);
}

}  // namespace darkroom::runpod
