// An open object in a folder. What was opened stays readable to its end, also when the name is replaced or
// removed meanwhile.
#pragma once
#include <string>

#include "base/unique_fd.h"
#include "ports/object_store.h"

namespace darkroom::objects {

class FileReader : public ports::ObjectReader {
public:
    /// `file` is a regular file of `bytes` bytes, of which `length` from `first` on are read; `name` is for
    /// error texts.
    FileReader(UniqueFd file, std::uint64_t bytes, std::uint64_t first, std::uint64_t length,
               std::string name)
        : file_(std::move(file)), bytes_(bytes), at_(first), end_(first + length), name_(std::move(name)) {}

    std::uint64_t bytes() const override { return bytes_; }
    /// A file that turns out shorter than it was is an error, never a silent end: half a picture must not
    /// pass for one.
    Result<std::size_t, ports::ObjectError> read(std::span<char> buffer) override;
    /// Of the whole file; reads here do not move its offset.
    int fd() const override { return file_.get(); }

private:
    UniqueFd file_;
    std::uint64_t bytes_;
    std::uint64_t at_;
    std::uint64_t end_;
    std::string name_;
};

}  // namespace darkroom::objects
