// What the store's own tests share: a folder with a store in it, and jobs to put there. The tests bring the
// kinds of folder and chance, because only they may see tests/support.
#pragma once
#include <memory>
#include <string>

#include "store/sqlite/sqlite_job_store.h"

namespace darkroom::store {

template <class TempDir, class Random>
class TestFolderOf {
public:
    std::string path() const { return (folder_.path() / "darkroom.db").string(); }
    std::string path(const std::string& ending) const { return path() + ending; }
    ports::StoreResult<std::unique_ptr<SqliteJobStore>> open(const SqliteJobStore::Options& options = {}) {
        return SqliteJobStore::open(path(), random_, options);
    }

    ports::NewJob job(const std::string& owner = "ann", std::size_t params_bytes = 100) {
        ports::NewJob request;
        request.job.id = random_.template id<JobId>();
        request.job.user = *UserId::parse(owner);
        request.job.type = "bg_remove";
        request.job.backend = "local";
        request.job.params_json = "\"" + std::string(params_bytes, 'p') + "\"";
        request.job.created_at = from_unix_ms(1'790'000'000'000);
        request.actor = "key:app";
        return request;
    }

private:
    TempDir folder_;
    Random random_{11};
};

inline std::int64_t count_jobs(SqliteJobStore& store) { return store.count_queue()->ready; }

}  // namespace darkroom::store
