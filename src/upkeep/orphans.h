// What the database and the object store disagree about: objects that no row names, and rows whose objects
// are gone. Looks at one page at a time, so that it can be asked about a bucket of any size. Somebody else's
// objects are counted and never touched.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ports/job_store.h"
#include "ports/object_store.h"

namespace darkroom::upkeep {

struct NoSuchPlace {};  // whoever asks made it up, or asks another store

using Trouble = std::variant<ports::StoreError, ports::ObjectError, NoSuchPlace>;

struct OrphanQuery {
    std::string place;         // where the page before ended; empty = the beginning
    TimePoint written_before;  // younger ones may be about to get their row; so may those of unknown age
    bool remove = false;       // otherwise they are only told
    int objects_max = 500;
};

struct OrphanPage {
    int looked_at = 0;
    int foreign = 0;  // not named as Darkroom names
    std::vector<ports::ListedObject> orphans;
    std::string next;  // place of the next page; empty = the end
};

/// Objects below `prefixes` (core::ObjectKey::prefixes(), or those that this store is used for).
Result<OrphanPage, Trouble> find_orphans(ports::JobStore& store, ports::ObjectStore& objects,
                                         std::span<const std::string_view> prefixes,
                                         const OrphanQuery& query);

struct MissingPage {
    int looked_at = 0;
    std::vector<ports::NamedObject> missing;
    std::int64_t next_after = 0;  // 0 = the end
};

/// Objects that rows name and that are not there. One request to the object store for each.
Result<MissingPage, Trouble> find_missing(ports::JobStore& store, ports::ObjectStore& objects,
                                          std::int64_t after, int jobs_max);

}  // namespace darkroom::upkeep
