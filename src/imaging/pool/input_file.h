// The input of an order as an open file: the store's own where it has one, a nameless copy otherwise.
#pragma once
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "core/error_code.h"
#include "core/job.h"
#include "ports/object_store.h"

namespace darkroom::imaging {

/// Owns whatever keeps the descriptor open.
class InputFile {
public:
    /// Copies go to `folder` and never have a name there.
    static Result<InputFile, core::JobError> open(ports::ObjectStore& objects, const core::InputImage& image,
                                                  const std::filesystem::path& folder);
    int fd() const { return copy_ ? copy_.get() : reader_->fd(); }

private:
    std::unique_ptr<ports::ObjectReader> reader_;
    UniqueFd copy_;
};

}  // namespace darkroom::imaging
