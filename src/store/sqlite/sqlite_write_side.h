// The connection to the file that alone writes and moves the write-ahead log into it. A disk error or damage
// ends writing; a full disk only fails what did not fit.
#pragma once
#include <memory>

#include "store/sql/write_side.h"
#include "store/sqlite/sqlite_database.h"

namespace darkroom::store {

class SqliteWriteSide final : public WriteSide {
public:
    /// `checkpoint_pages` of WAL are moved into the file at a time; 4,000 are 16 MB.
    SqliteWriteSide(std::unique_ptr<SqliteDatabase> db, const NodeId& node, int checkpoint_pages);

    Database& db() override { return *db_; }
    NodeId node() const override { return node_; }
    void begin(const std::vector<Touched>& touched) override;
    void commit() override { db_->run("COMMIT"); }
    void roll_back() override;
    bool ends_writing(ports::StoreErrorKind kind) const override {
        return kind == ports::StoreErrorKind::broken;
    }
    std::optional<ports::StoreError> tidy_up() override;

private:
    std::unique_ptr<SqliteDatabase> db_;
    const NodeId node_;
    const int checkpoint_pages_;
    int wal_pages_ = 0;
    int next_checkpoint_;
};

}  // namespace darkroom::store
