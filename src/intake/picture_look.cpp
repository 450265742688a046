#include "intake/picture_look.h"

#include <fcntl.h>

#include "base/unique_fd.h"

namespace darkroom::intake {
namespace {

class FileSource : public core::ByteSource {
public:
    explicit FileSource(const std::filesystem::path& path)
        : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
        const auto read = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
        return read > 0 ? static_cast<std::size_t>(read) : 0;
    }

private:
    UniqueFd file_;
};

}  // namespace

Result<core::ImageHeader, core::JobError> look_at(const std::filesystem::path& file, std::uint64_t bytes,
                                                  const core::ImageLimits& limits) {
    FileSource source(file);
    const auto header = core::read_image_header(source);
    if (!header) return Fail(core::describe(header.error()));
    if (auto refused = core::check_image_limits(*header, bytes, limits)) return Fail(*std::move(refused));
    return *header;
}

}  // namespace darkroom::intake
