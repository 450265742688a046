// Reading params_effective. The gateway has checked and completed them; a missing key means its documented
// default.
#pragma once
#include <boost/json/object.hpp>
#include <string_view>

namespace darkroom::imaging {

inline double number_param(const boost::json::object& params, std::string_view name, double otherwise) {
    const auto* value = params.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<double>() : otherwise;
}

inline bool flag_param(const boost::json::object& params, std::string_view name, bool otherwise) {
    const auto* value = params.if_contains(name);
    return value != nullptr && value->is_bool() ? value->get_bool() : otherwise;
}

inline std::string_view word_param(const boost::json::object& params, std::string_view name,
                                   std::string_view otherwise) {
    const auto* value = params.if_contains(name);
    if (value == nullptr || !value->is_string()) return otherwise;
    return {value->get_string().data(), value->get_string().size()};
}

}  // namespace darkroom::imaging
