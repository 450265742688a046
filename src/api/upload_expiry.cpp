#include "api/upload_expiry.h"

#include "base/log.h"

namespace darkroom::api {

int expire_uploads(ports::JobStore& store, ports::ObjectStore& objects, TimePoint now) {
    constexpr int slice = 500;
    int removed = 0;
    for (;;) {
        const auto keys = store.take_expired_uploads(now, slice);
        if (!keys) {
            log::warning("expired uploads could not be looked up", {{"detail", keys.error().detail}});
            return removed;
        }
        for (const auto& key : *keys) {
            if (const auto gone = objects.remove(key); gone) {
                ++removed;
            } else {
                log::warning("an expired upload could not be removed",
                             {{"key", key.str()}, {"detail", gone.error().detail}});
            }
        }
        if (keys->empty()) return removed;
    }
}

}  // namespace darkroom::api
