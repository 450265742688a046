// An object store whose calls and bytes are counted. Bytes that clients move by presigned links do not pass
// here and are not counted.
#pragma once
#include <memory>
#include <string>

#include "ports/clock.h"
#include "ports/meters.h"
#include "ports/object_store_around.h"

namespace darkroom::metrics {

class MeteredObjectStore final : public ports::ObjectStoreAround {
public:
    /// `name` in a word: main, volume. The references outlive it and every reader it
    /// gives out.
    MeteredObjectStore(std::unique_ptr<ports::ObjectStore> behind, std::string name, ports::Meters& meters,
                       const ports::Clock& clock);

    ports::ObjectResult<ports::ObjectInfo> put(const core::ObjectKey& key,
                                               ports::ByteSource& source) override;
    ports::ObjectResult<ports::ObjectInfo> put_file(const core::ObjectKey& key,
                                                    const std::filesystem::path& file) override;
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override;

private:
    class Reader;
    std::optional<ports::ObjectError> around(ports::ObjectCall call, const Ask& ask) override;

    const std::unique_ptr<ports::ObjectStore> behind_;
    const std::string name_;
    ports::Meters& meters_;
    const ports::Clock& clock_;
};

}  // namespace darkroom::metrics
