#include "runpod/protocol/gpu_prices.h"

#include <algorithm>
#include <array>
#include <string>

namespace darkroom::runpod {
namespace {

struct PriceRow {
    std::int64_t micro_usd_per_s;
    std::string_view pool;                  // empty = sold by the card only
    std::array<std::string_view, 4> cards;  // words that stand together in a card's name
};

// The card with more words stands above one that is a part of its name.
constexpr std::array table = {
    PriceRow{1'110, "", {"RTX PRO 6000"}},
    PriceRow{530, "ADA_48_PRO", {"L40", "L40S", "6000 ADA"}},
    PriceRow{160, "AMPERE_16", {"A4000", "A4500", "RTX 4000", "RTX 2000"}},
    PriceRow{190, "AMPERE_24", {"L4", "A5000", "3090"}},
    PriceRow{310, "ADA_24", {"4090"}},
    PriceRow{340, "AMPERE_48", {"A6000", "A40"}},
    PriceRow{760, "AMPERE_80", {"A100"}},
    PriceRow{1'160, "ADA_80_PRO", {"H100"}},
    PriceRow{1'550, "HOPPER_141", {"H200"}},
    PriceRow{2'400, "", {"B200"}},
};

constexpr std::size_t name_bytes_max = 200;

// " NVIDIA GEFORCE RTX 4090 ": words in capitals, so that a card is found as a whole word.
std::string words_of(std::string_view name) {
    std::string words = " ";
    for (const char c : name.substr(0, name_bytes_max)) {
        const bool is_small = c >= 'a' && c <= 'z';
        const bool is_part = is_small || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_part)
            words.push_back(is_small ? static_cast<char>(c - 'a' + 'A') : c);
        else if (words.back() != ' ')
            words.push_back(' ');
    }
    if (words.back() != ' ') words.push_back(' ');
    return words;
}

bool names(const std::string& words, std::string_view card) {
    return !card.empty() && words.find(" " + std::string(card) + " ") != std::string::npos;
}

}  // namespace

std::optional<std::int64_t> price_micro_usd_per_s(std::string_view gpu) {
    for (const auto& row : table) {
        if (!row.pool.empty() && row.pool == gpu) return row.micro_usd_per_s;
    }
    const auto words = words_of(gpu);
    for (const auto& row : table) {
        if (std::any_of(row.cards.begin(), row.cards.end(),
                        [&](std::string_view card) { return names(words, card); }))
            return row.micro_usd_per_s;
    }
    return std::nullopt;
}

}  // namespace darkroom::runpod
