// Result<T, E>: a value or an expected failure, never both, never ignored by accident.
// Own type because std::expected needs C++23 on g++ 12, is not [[nodiscard]] there, and clang 14 cannot parse
// it.
#pragma once
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"

namespace darkroom {

/// The failing half of a Result, made by Fail().
template <class E>
struct Failure {
    E error;
};

template <class E>
Failure<std::decay_t<E>> Fail(E&& error) {
    return {std::forward<E>(error)};
}

/// Reading the value of a failure, or the error of a success, is a bug and aborts.
template <class T, class E>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    template <class F>
    Result(Failure<F> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return checked(); }
    const T& value() const& { return const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(checked()); }

    T& operator*() & { return checked(); }
    const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
    T&& operator*() && { return std::move(checked()); }
    T* operator->() { return &checked(); }
    const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

    const E& error() const& {
        DR_CHECK(!ok());
        return std::get<1>(state_);
    }
    E&& error() && {
        DR_CHECK(!ok());
        return std::get<1>(std::move(state_));
    }

    T value_or(T fallback) && { return ok() ? std::move(checked()) : std::move(fallback); }

private:
    T& checked() {
        DR_CHECK(ok());
        return std::get<0>(state_);
    }

    std::variant<T, E> state_;
};

/// A step that either happened or failed with an E.
template <class E>
class [[nodiscard]] Result<void, E> {
public:
    Result() : state_(std::in_place_index<0>) {}
    template <class F>
    Result(Failure<F> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    const E& error() const& {
        DR_CHECK(!ok());
        return std::get<1>(state_);
    }
    E&& error() && {
        DR_CHECK(!ok());
        return std::get<1>(std::move(state_));
    }

private:
    std::variant<std::monostate, E> state_;
};

}  // namespace darkroom
