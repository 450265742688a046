// JobStore and RemoteJobStore in one SQLite file: the default, for one gateway on one machine. WAL with
// synchronous=FULL, one thread that writes, a few connections that read. A second opener of the same file is
// refused.
//
// A full disk fails what did not fit and nothing else; a disk error or damage ends writing until an operator
// has acted.
#pragma once
#include <memory>
#include <string>

#include "store/sql/node_rows.h"
#include "store/sql/sql_job_store.h"
#include "store/sqlite/lock_file.h"
#include "store/sqlite/sqlite_database.h"

namespace darkroom::store {

class SqliteJobStore final : public SqlJobStore {
public:
    struct Options {
        int readers = 3;
        int writer_cache_kib = 8'192;
        int reader_cache_kib = 1'024;
        Milliseconds reader_wait{5'000};
        int checkpoint_pages = 12'000;  // of WAL, 48 MB, before they are moved into the file
        NodeCard node = {};
        GroupWriter::Options writer = {};
        std::string vfs = {};  // SQLite's way to the file system; empty = its own
    };

    /// Opens the file, makes it if there is none, brings it to the newest schema. What it refuses, it leaves
    /// as it is, and the error's detail is a sentence for the operator. `random` gives the attempts their ids
    /// and must outlive the store.
    static ports::StoreResult<std::unique_ptr<SqliteJobStore>> open(const std::string& path,
                                                                    ports::Random& random,
                                                                    const Options& options);
    static ports::StoreResult<std::unique_ptr<SqliteJobStore>> open(const std::string& path,
                                                                    ports::Random& random);

    /// Bounds the file, in pages of 4 KiB; what does not fit fails with `full`. Takes effect at once, also
    /// upwards.
    ports::StoreResult<void> limit_file(std::int64_t pages_max);

    NodeId this_node() const override { return node_.id; }
    bool holds_lease() const override { return true; }
    bool leads() const override { return true; }
    ports::StoreResult<std::vector<ports::Node>> list_nodes() override { return std::vector{node_}; }

protected:
    GroupWriter& writer() override { return writer_; }
    ReaderPool& readers() override { return readers_; }

private:
    SqliteJobStore(LockFile lock, std::unique_ptr<SqliteDatabase> writer,
                   std::vector<std::unique_ptr<Database>> readers, ports::Node node, ports::Random& random,
                   const Options& options);

    // In this order, so that the readers close first: the last connection to close moves the WAL into the
    // file, and only the writer may do that. The lock outlives all.
    LockFile lock_;
    const ports::Node node_;
    GroupWriter writer_;
    ReaderPool readers_;
};

}  // namespace darkroom::store
