#include "runpod/backend/foreign_files.h"

#include <algorithm>

#include "base/log.h"
#include "runpod/protocol/base64.h"

namespace darkroom::runpod {
namespace {

using core::ObjectKey;
using ports::ObjectError;
using ports::ObjectErrorKind;

constexpr int listed_max = 100;
constexpr std::size_t noted_max = 65'536;  // beyond, upkeep removes what is forgotten here

Failure<ObjectError> missing(std::string why) {
    return Fail(ObjectError{ObjectErrorKind::missing, std::move(why)});
}

class TextReader final : public ports::ObjectReader {
public:
    explicit TextReader(std::string bytes) : bytes_(std::move(bytes)) {}
    std::uint64_t bytes() const override { return bytes_.size(); }
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
        const auto count = bytes_.copy(buffer.data(), buffer.size(), at_);
        at_ += count;
        return count;
    }
    int fd() const override { return -1; }

private:
    const std::string bytes_;
    std::size_t at_ = 0;
};

std::string_view name_in(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string ForeignFiles::folder_of(const JobId& job, const AttemptId& attempt) const {
    return layout_.output_folder + "/" + job.str() + "/" + attempt.str() + "/";
}

void ForeignFiles::note(const AttemptId& attempt, const Keys& keys) {
    const std::lock_guard lock(mutex_);
    auto& noted = noted_[attempt];
    for (const auto& key : keys) {
        if (std::find(noted.begin(), noted.end(), key) == noted.end()) noted.push_back(key);
    }
    if (noted_.size() > noted_max)
        noted_.erase(noted_.begin()->first == attempt ? std::next(noted_.begin()) : noted_.begin());
}

void ForeignFiles::note_placed(const AttemptId& attempt, const std::vector<ports::RemoteFile>& files) {
    Keys keys;
    for (const auto& file : files) {
        if (!file.place.starts_with(place_on_volume)) continue;
        const auto key =
            ObjectKey::foreign_output(std::string_view(file.place).substr(place_on_volume.size()));
        if (key) keys.push_back(*key);
    }
    if (!keys.empty()) note(attempt, keys);
}

std::optional<ForeignFiles::Keys> ForeignFiles::take_noted(const AttemptId& attempt) {
    const std::lock_guard lock(mutex_);
    const auto found = noted_.find(attempt);
    if (found == noted_.end()) return std::nullopt;
    auto keys = std::move(found->second);
    noted_.erase(found);
    return keys;
}

ForeignFiles::Opened ForeignFiles::open(const ports::RemoteFile& file) {
    const std::string_view place = file.place;
    if (place.starts_with(place_in_answer)) {
        auto bytes = from_base64(place.substr(place_in_answer.size()));
        if (!bytes) return missing("a picture in an answer is no base64");
        return std::unique_ptr<ports::ObjectReader>(std::make_unique<TextReader>(*std::move(bytes)));
    }
    if (!place.starts_with(place_on_volume)) {
        if (links_ == nullptr) return missing("this gateway fetches nothing from links of workers");
        return links_->open(file.place);
    }
    const auto key = ObjectKey::foreign_output(place.substr(place_on_volume.size()));
    if (!key || volume_ == nullptr) return missing("there is no network volume that it could lie on");
    return open_on_volume(*key, file);
}

// Some workers tell a file's name without the folder that they saved it in.
ForeignFiles::Opened ForeignFiles::open_on_volume(const ObjectKey& key, const ports::RemoteFile& file) {
    auto reader = volume_->open(key);
    if (reader || reader.error().kind != ObjectErrorKind::missing) return reader;
    // outputs/{job}/{attempt}/main.png, as every file of an attempt is called here.
    const auto told = std::string_view(file.key.str());
    const auto own = told.substr(told.find('/') + 1, told.rfind('/') - told.find('/'));
    const auto elsewhere = ObjectKey::foreign_output(layout_.output_folder + "/" + std::string(own) +
                                                     std::string(name_in(key.str())));
    if (!elsewhere || *elsewhere == key) return reader;
    return volume_->open(*elsewhere);
}

ports::ObjectResult<std::optional<ports::RemoteResult>> ForeignFiles::find(const JobId& job,
                                                                           const AttemptId& attempt) {
    if (volume_ == nullptr) return std::optional<ports::RemoteResult>();
    auto listed = volume_->list(folder_of(job, attempt), "", listed_max);
    if (!listed) return Fail(std::move(listed).error());
    std::sort(listed->objects.begin(), listed->objects.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
    ComfyAnswer answer;
    for (const auto& object : listed->objects) {
        const auto name = name_in(object.key);
        if (object.bytes == 0 || role_of_name(name, attempt).empty() || !extension_of_name(name)) continue;
        answer.pictures.push_back(
            {ComfyPicture::In::file, std::string(name), layout_.mounts.front() + object.key});
    }
    auto result = foreign_result(answer, job, attempt, layout_);
    if (!result) return std::optional<ports::RemoteResult>();
    note_placed(attempt, result->files);
    return std::optional(*std::move(result));
}

void ForeignFiles::remove(const ObjectKey& key) {
    if (const auto removed = volume_->remove(key); !removed)
        log::info("an output of a worker is left to upkeep",
                  {{"key", key.str()}, {"detail", removed.error().detail}});
}

void ForeignFiles::clear(const JobId& job, const AttemptId& attempt) {
    if (volume_ == nullptr) return;
    const auto noted = take_noted(attempt);
    if (!noted) return;
    const auto folder = folder_of(job, attempt);
    for (const auto& key : *noted) {
        if (!key.str().starts_with(folder)) remove(key);
    }
    const auto listed = volume_->list(folder, "", listed_max);
    if (!listed) {
        log::info("outputs of a worker are left to upkeep",
                  {{"attempt", attempt.str()}, {"detail", listed.error().detail}});
        return;
    }
    for (const auto& object : listed->objects) {
        const auto key = ObjectKey::foreign_output(object.key);
        if (key && object.key.starts_with(folder)) remove(*key);
    }
}

}  // namespace darkroom::runpod
