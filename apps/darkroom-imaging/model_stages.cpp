#include "model_stages.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <boost/json/serialize.hpp>
#include <span>

#include "imaging/networks/network_stage.h"

namespace darkroom::imaging {
namespace {

core::JobError unavailable(const std::string& why) {
    return {core::ErrorCode::model_unavailable, "The network of this recipe cannot be used: " + why + "."};
}

/// A file's bytes for as long as this lives, read as they are needed.
class MappedFile {
public:
    explicit MappedFile(int file) {
        struct stat status {};
        if (::fstat(file, &status) != 0 || status.st_size <= 0) return;
        bytes_ = static_cast<std::size_t>(status.st_size);
        address_ = ::mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, file, 0);
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile() {
        if (address_ != MAP_FAILED) ::munmap(address_, bytes_);
    }
    std::span<const char> content() const {
        return address_ != MAP_FAILED ? std::span(static_cast<const char*>(address_), bytes_)
                                      : std::span<const char>();
    }

private:
    void* address_ = MAP_FAILED;
    std::size_t bytes_ = 0;
};

}  // namespace

Result<ModelStage*, core::JobError> ModelStages::get(const boost::json::object& plan, int file) {
    const std::string wanted = boost::json::serialize(plan);
    if (loaded_ != nullptr && loaded_plan_ == wanted) return loaded_.get();
    loaded_.reset();
    const auto read = read_stage_plan(plan);
    if (!read) return Fail(unavailable("its recipe has a wrong " + read.error()));
    const MappedFile mapped(file);
    auto stage = NetworkStage::open(*read, mapped.content());
    if (!stage) return Fail(unavailable(stage.error()));
    loaded_ = *std::move(stage);
    loaded_plan_ = wanted;
    return loaded_.get();
}

}  // namespace darkroom::imaging
