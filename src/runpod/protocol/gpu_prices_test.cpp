#include "runpod/protocol/gpu_prices.h"

#include <gtest/gtest.h>

#include <string>

namespace darkroom::runpod {
namespace {

TEST(GpuPrices, KnowsPoolsAndCardsByWhateverNameTheyCome) {
    struct Case {
        std::string_view gpu;
        std::int64_t price;
    };
    for (const auto& one : {
             Case{"AMPERE_16", 160},
             Case{"AMPERE_24", 190},
             Case{"ADA_24", 310},
             Case{"AMPERE_48", 340},
             Case{"ADA_48_PRO", 530},
             Case{"AMPERE_80", 760},
             Case{"ADA_80_PRO", 1'160},
             Case{"HOPPER_141", 1'550},
             Case{"NVIDIA GeForce RTX 4090", 310},
             Case{"nvidia geforce rtx 3090 ti", 190},
             Case{"L4", 190},
             Case{"NVIDIA L40S", 530},
             Case{"NVIDIA RTX 6000 Ada Generation", 530},
             Case{"NVIDIA RTX PRO 6000 Blackwell Server Edition", 1'110},
             Case{"NVIDIA RTX A6000", 340},
             Case{"NVIDIA RTX 4000 Ada Generation", 160},
             Case{"NVIDIA A100-SXM4-80GB", 760},
             Case{"NVIDIA H100 80GB HBM3", 1'160},
             Case{"NVIDIA H200", 1'550},
             Case{"NVIDIA B200", 2'400},
         })
        EXPECT_EQ(price_micro_usd_per_s(one.gpu), one.price) << one.gpu;
}

TEST(GpuPrices, DoesNotPretendToKnowOthers) {
    for (const auto& gpu : {std::string(), std::string(" "), std::string("AMD Instinct MI300X"),
                            std::string("RTX 409"), std::string("L44"), std::string("4090x"),
                            std::string("RTX"), std::string("ada_24"), std::string(100'000, 'A')})
        EXPECT_EQ(price_micro_usd_per_s(gpu), std::nullopt) << gpu.substr(0, 40);
}

}  // namespace
}  // namespace darkroom::runpod
