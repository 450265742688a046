#include "upkeep/upload_expiry.h"

#include "base/log.h"

namespace darkroom::upkeep {

int expire_uploads(ports::JobStore& store, ports::ObjectStore& objects, TimePoint now,
                   const std::function<bool()>& may_go_on) {
    constexpr int slice = 500;
    int removed = 0;
    while (may_go_on()) {
        const auto expired = store.list_expired_uploads(now, slice);
        if (!expired) {
            log::warning("expired uploads could not be looked up", {{"detail", expired.error().detail}});
            return removed;
        }
        if (expired->empty()) return removed;
        std::vector<UploadId> ids;
        std::vector<core::ObjectKey> keys;
        for (const auto& upload : *expired) {
            ids.push_back(upload.id);
            keys.insert(keys.end(), upload.objects.begin(), upload.objects.end());
        }
        if (const auto gone = objects.remove_many(keys); !gone) {
            log::warning("expired uploads could not be removed", {{"detail", gone.error().detail}});
            return removed;
        }
        if (const auto forgotten = store.forget_uploads(ids); !forgotten) {
            log::warning("expired uploads could not be forgotten", {{"detail", forgotten.error().detail}});
            return removed;
        }
        removed += static_cast<int>(ids.size());
    }
    return removed;
}

}  // namespace darkroom::upkeep
