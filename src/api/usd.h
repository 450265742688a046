// Money on the wire: dollars as a JSON number with six decimals, made from whole micro-dollars.
#pragma once
#include <cstdint>
#include <string>

namespace darkroom::api {

/// As in 0.000700; -0.000700 for less than nothing.
inline std::string usd_text(std::int64_t micro_usd) {
    constexpr std::int64_t micro_per_usd = 1'000'000;
    const auto decimals =
        std::to_string(micro_usd < 0 ? -(micro_usd % micro_per_usd) : micro_usd % micro_per_usd);
    const auto whole = micro_usd / micro_per_usd;
    return (micro_usd < 0 && whole == 0 ? "-" : "") + std::to_string(whole) + "." +
           std::string(6 - decimals.size(), '0') + decimals;
}

}  // namespace darkroom::api
