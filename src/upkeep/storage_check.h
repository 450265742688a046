// Tries an object store from end to end, as its users will: puts, reads, lists, signs links and follows them,
// removes. One finding for each step; the first fault that explains the others ends the check.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/object_store.h"
#include "ports/random.h"

namespace darkroom::upkeep {

struct Finding {
    enum class Level { ok, warning, failed };
    Level level = Level::ok;
    std::string about;   // one or two words: put, get, presign
    std::string detail;  // one line; of a fault: its cause and what to do
};

/// `http` follows the signed links, as a client would from this machine. What was written is removed, also
/// after a fault.
std::vector<Finding> check_storage(ports::ObjectStore& objects, ports::HttpClient& http,
                                   const ports::Clock& clock, ports::Random& random);

}  // namespace darkroom::upkeep
