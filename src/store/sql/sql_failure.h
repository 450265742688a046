// Why a database did not do something. Inside the stores it travels as an exception, because any statement
// may meet a full disk and none can go on after it; the writer and the reader pool catch it, so nothing
// outside ever sees it.
#pragma once
#include <stdexcept>
#include <string>

#include "ports/job_store.h"

namespace darkroom::store {

class SqlFailure : public std::runtime_error {
public:
    /// Rows that no Darkroom can have written.
    static SqlFailure damaged(const std::string& detail) {
        return {ports::StoreErrorKind::broken,
                "the database holds what Darkroom cannot have written: " + detail};
    }
    /// Somebody else's change came between; the same work may succeed when it is run again.
    static SqlFailure collided(const std::string& detail) {
        SqlFailure failure(ports::StoreErrorKind::unavailable, detail);
        failure.try_again_ = true;
        return failure;
    }

    /// A connection or a lock was not to be had in time; whoever else wants it now would wait as long.
    static SqlFailure in_vain(const std::string& detail) {
        SqlFailure failure(ports::StoreErrorKind::unavailable, detail);
        failure.waited_in_vain_ = true;
        return failure;
    }

    SqlFailure(ports::StoreErrorKind kind, const std::string& detail)
        : std::runtime_error(detail), kind_(kind) {}

    ports::StoreErrorKind kind() const { return kind_; }
    bool try_again() const { return try_again_; }
    bool waited_in_vain() const { return waited_in_vain_; }
    ports::StoreError error() const { return {kind_, what()}; }

private:
    ports::StoreErrorKind kind_;
    bool try_again_ = false;
    bool waited_in_vain_ = false;
};

}  // namespace darkroom::store
