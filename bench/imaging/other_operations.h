// Figures for upscale_2k and jpeg_to_png on generated pictures.
#pragma once
#include <cstdint>

namespace darkroom::bench {

struct UpscaleFigures {
    int pictures = 0;
    double gain_db = 0;         // PSNR above Lanczos-4 on the same picture, mean
    double consistency_db = 0;  // PSNR of the result averaged down again, least
    double edge_energy = 0;     // mean |Laplacian| of the result over that of the truth, mean
};

/// Pictures of 2048 px, averaged down to 512 and enlarged again: prints, lettering, line art.
UpscaleFigures run_upscale_set(std::uint64_t first_seed, int pictures);

struct UnmixFigures {
    int pictures = 0;
    int error_max = 0;  // grey levels between the result laid on its key colour and the input, most
    int failed = 0;
};

/// Logos on one colour after JPEG.
UnmixFigures run_unmix_set(std::uint64_t first_seed, int pictures);

}  // namespace darkroom::bench
