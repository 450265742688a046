#include "store/postgres/pg_failure.h"

#include <algorithm>
#include <array>

namespace darkroom::store {
namespace {

using ports::StoreErrorKind;

template <std::size_t n>
bool is_one_of(std::string_view state, const std::array<std::string_view, n>& states) {
    return std::find(states.begin(), states.end(), state) != states.end();
}

std::string_view class_of(std::string_view state) { return state.substr(0, 2); }

// Serialisation failure, deadlock, a key that somebody else took, a row that somebody else locked with
// NOWAIT.
bool lost_a_race(std::string_view state) {
    constexpr std::array<std::string_view, 3> races = {"40001", "40P01", "23505"};
    return is_one_of(state, races) || means_prepare_again(state);
}

// A lock, a whole statement, a connection.
bool waited_in_vain(std::string_view state) {
    constexpr std::array<std::string_view, 3> waits = {"55P03", "57014", "53300"};
    return is_one_of(state, waits);
}

StoreErrorKind kind_of_state(std::string_view state) {
    constexpr std::array<std::string_view, 3> damage = {"58030", "XX001", "XX002"};
    if (state == "53100") return StoreErrorKind::full;
    if (is_one_of(state, damage)) return StoreErrorKind::broken;
    return StoreErrorKind::unavailable;
}

// A long statement helps nobody in a line of the log.
std::string beginning_of(std::string_view text) {
    constexpr std::size_t length_max = 100;
    std::string line(text.substr(0, length_max));
    if (text.size() > length_max) line += "…";
    return line;
}

}  // namespace

SqlFailure pg_failure(std::string_view state, const std::string& message, std::string_view doing) {
    const auto detail =
        message + " (Postgres " + (state.empty() ? "-" : std::string(state)) + ") at: " + beginning_of(doing);
    if (lost_a_race(state) || ends_connection(state)) return SqlFailure::collided(detail);
    if (waited_in_vain(state)) return SqlFailure::in_vain(detail);
    return {kind_of_state(state), detail};
}

SqlFailure connection_lost(const std::string& message) {
    return SqlFailure::collided("the connection to Postgres was lost: " + message);
}

bool ends_connection(std::string_view state) {
    // 25006: read only, so it was the primary and is none any more. 57P01-57P05: somebody ends the session.
    return state == "25006" || class_of(state) == "08" || (class_of(state) == "57" && state != "57014");
}

bool means_prepare_again(std::string_view state) { return state == "0A000" || state == "26000"; }

}  // namespace darkroom::store
