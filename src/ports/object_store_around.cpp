#include "ports/object_store_around.h"

#include "base/check.h"

namespace darkroom::ports {

template <class T, class Call>
ObjectResult<T> ObjectStoreAround::through(ObjectCall call, const Call& make) {
    std::optional<ObjectResult<T>> answer;
    auto refused = around(call, [&]() -> std::optional<ObjectErrorKind> {
        answer.emplace(make());
        if (*answer) return std::nullopt;
        return answer->error().kind;
    });
    if (refused) return Fail(*std::move(refused));
    DR_CHECK(answer.has_value());
    return *std::move(answer);
}

ObjectResult<ObjectInfo> ObjectStoreAround::put(const core::ObjectKey& key, ByteSource& source) {
    return through<ObjectInfo>(ObjectCall::put, [&] { return behind_.put(key, source); });
}

ObjectResult<ObjectInfo> ObjectStoreAround::put_file(const core::ObjectKey& key,
                                                     const std::filesystem::path& file) {
    return through<ObjectInfo>(ObjectCall::put, [&] { return behind_.put_file(key, file); });
}

ObjectResult<std::unique_ptr<ObjectReader>> ObjectStoreAround::open(const core::ObjectKey& key,
                                                                    const OpenOptions& options) {
    return through<std::unique_ptr<ObjectReader>>(ObjectCall::open,
                                                  [&] { return behind_.open(key, options); });
}

ObjectResult<ObjectInfo> ObjectStoreAround::head(const core::ObjectKey& key) {
    return through<ObjectInfo>(ObjectCall::head, [&] { return behind_.head(key); });
}

ObjectResult<ObjectInfo> ObjectStoreAround::copy(const core::ObjectKey& from, const core::ObjectKey& to) {
    return through<ObjectInfo>(ObjectCall::copy, [&] { return behind_.copy(from, to); });
}

ObjectResult<void> ObjectStoreAround::remove(const core::ObjectKey& key) {
    return through<void>(ObjectCall::remove, [&] { return behind_.remove(key); });
}

ObjectResult<void> ObjectStoreAround::remove_many(std::span<const core::ObjectKey> keys) {
    return through<void>(ObjectCall::remove_many, [&] { return behind_.remove_many(keys); });
}

ObjectResult<ObjectPage> ObjectStoreAround::list(std::string_view prefix, const std::string& page,
                                                 int count_max) {
    return through<ObjectPage>(ObjectCall::list, [&] { return behind_.list(prefix, page, count_max); });
}

ObjectResult<int> ObjectStoreAround::remove_unfinished(TimePoint begun_before, bool dry_run) {
    return through<int>(ObjectCall::remove_unfinished,
                        [&] { return behind_.remove_unfinished(begun_before, dry_run); });
}

}  // namespace darkroom::ports
