#include "store/sql/reader_pool.h"

namespace darkroom::store {

ReaderPool::ReaderPool(std::vector<std::unique_ptr<Database>> readers, Milliseconds wait_at_most)
    : readers_(std::move(readers)), wait_at_most_(wait_at_most) {
    for (const auto& reader : readers_) free_.push_back(reader.get());
}

Database* ReaderPool::take() {
    std::unique_lock lock(mutex_);
    if (!one_is_free_.wait_for(lock, wait_at_most_, [this] { return !free_.empty(); })) return nullptr;
    auto* const db = free_.back();  // the one used last: its cache is warm
    free_.pop_back();
    return db;
}

void ReaderPool::give_back(Database* db) {
    if (db == nullptr) return;
    {
        const std::lock_guard lock(mutex_);
        free_.push_back(db);
    }
    one_is_free_.notify_one();
}

ports::StoreError ReaderPool::busy() {
    return {ports::StoreErrorKind::unavailable, "every reading connection is busy"};
}

}  // namespace darkroom::store
