// Reading the params that are more than one number or word: colours and lists of numbers.
#pragma once
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <opencv2/core.hpp>
#include <optional>
#include <string_view>

namespace darkroom::imaging {

inline double finite_or(const boost::json::value& value, double otherwise) {
    const double number = value.is_number() ? value.to_number<double>() : otherwise;
    return std::isfinite(number) ? number : otherwise;
}

/// #RRGGBB, or nothing.
inline std::optional<cv::Vec3b> colour_of(std::string_view hex) {
    if (hex.size() != 7 || hex[0] != '#') return std::nullopt;
    unsigned rgb = 0;
    const auto [end, error] = std::from_chars(hex.data() + 1, hex.data() + 7, rgb, 16);
    if (error != std::errc() || end != hex.data() + 7) return std::nullopt;
    return cv::Vec3b(static_cast<uchar>(rgb >> 16U), static_cast<uchar>(rgb >> 8U), static_cast<uchar>(rgb));
}

/// Exactly `N` numbers, or nothing.
template <std::size_t N>
std::optional<std::array<double, N>> numbers_param(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains({key.data(), key.size()});
    if (value == nullptr || !value->is_array() || value->get_array().size() != N) return std::nullopt;
    std::array<double, N> list{};
    for (std::size_t i = 0; i < N; ++i) list[i] = finite_or(value->get_array()[i], 0);
    return list;
}

}  // namespace darkroom::imaging
