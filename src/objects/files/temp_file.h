// A file that is being written, under a name of its own, and hashed on the way. Gone with this object unless
// it was published: renaming it to its final name is the one step that makes an object appear.
#pragma once
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/unique_fd.h"
#include "ports/object_store.h"

namespace darkroom::objects {

class TempFile {
public:
    /// Makes a new empty file `name` in `folder`, which outlives this object.
    static Result<TempFile, ports::ObjectError> create(int folder, std::string name);
    TempFile(TempFile&& other) noexcept = default;
    TempFile& operator=(TempFile&&) = delete;
    ~TempFile();

    Result<void, ports::ObjectError> write(std::string_view bytes);
    /// Brings the bytes to the disk and tells what was written. Nothing may be written afterwards.
    Result<ports::ObjectInfo, ports::ObjectError> finish();

    int folder() const { return folder_; }
    const std::string& name() const { return name_; }
    /// The file has another name now and stays.
    void published() { file_.reset(); }

private:
    TempFile(int folder, std::string name, UniqueFd file)
        : folder_(folder), name_(std::move(name)), file_(std::move(file)) {}

    int folder_;
    std::string name_;
    UniqueFd file_;  // empty: published or moved from, nothing to remove
    Sha256 sha256_;
    std::uint64_t bytes_ = 0;
};

}  // namespace darkroom::objects
