// What RunPod charges for a second of a GPU, as data: its public table of flex prices of August 2026. Used
// where the catalogue of the account does not answer; an operator's own price always wins over both.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace darkroom::runpod {

/// In micro-dollars per second. `gpu` is a pool (ADA_24) or the name of a card as workers and APIs write it
/// ("NVIDIA GeForce RTX 4090", "L4"). nullopt: not in the table, so nobody should pretend to know.
std::optional<std::int64_t> price_micro_usd_per_s(std::string_view gpu);

}  // namespace darkroom::runpod
