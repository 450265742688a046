// The admin key: given by DARKROOM_API_KEY or made on first start, kept in the data folder, known to the
// store by its digest.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/random.h"

namespace darkroom::app {

struct AdminKey {
    std::string key;
    bool created = false;
};

/// Makes the key work and every earlier admin key of this installation stop working. One that is made here
/// belongs to `maker` alone: others make theirs. Fails with a sentence for the operator.
Result<AdminKey, std::string> install_admin_key(const std::filesystem::path& data_dir,
                                                const std::string& maker,
                                                const std::optional<std::string>& given,
                                                ports::JobStore& store, const ports::Clock& clock,
                                                ports::Random& random);

}  // namespace darkroom::app
