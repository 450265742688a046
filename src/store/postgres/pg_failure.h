// What Postgres' error codes mean for who asked. Messages are the server's own first lines: neither values of
// rows nor passwords are in them.
#pragma once
#include <string>
#include <string_view>

#include "store/sql/sql_failure.h"

namespace darkroom::store {

/// By SQLSTATE. The same work may be run again after a lost race; a statement without a state never reached
/// the server's end.
SqlFailure pg_failure(std::string_view state, const std::string& message, std::string_view doing);

/// The connection is gone, and whatever was open on it with it: the same work may be run again on a new one.
SqlFailure connection_lost(const std::string& message);

/// After these the connection must not be used any more: it is to a server that stops, or takes no writes.
bool ends_connection(std::string_view state);
/// Statements that were prepared before something else changed the tables.
bool means_prepare_again(std::string_view state);

}  // namespace darkroom::store
