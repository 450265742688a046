#include "cli/advice.h"

#include "core/error_code.h"

namespace darkroom::cli {

std::string_view advice_for(std::string_view error_code) {
    if (error_code == "too_large") return "make the picture smaller first";  // said before there was a job
    if (error_code == "outputs_removed") return "run it again from the original file";
    if (error_code == "storage_refused")
        return "darkroom doctor, on the server, names the cause; a link may have expired, too";
    if (error_code == "params_unknown_field") return "see darkroom types TYPE for the params there are";
    if (error_code == "recipe_disabled")
        return "darkroom recipes lint, on the server, tells what is wrong with it";
    if (error_code == "licence_blocked")
        return "leave out -p recipe; darkroom recipes list, on the server, tells which licence forbids it";
    if (error_code == "input_unused") return "leave out --mask, or say -p region.mask=mask";
    const auto code = core::parse_error_code(error_code);
    if (!code) return {};
    switch (*code) {
        case core::ErrorCode::input_unreadable:
            return "open it in an image viewer; if that works, save it again";
        case core::ErrorCode::input_unsupported_format:
            return "convert it to JPEG, PNG, WebP, HEIC, AVIF, TIFF or GIF";
        case core::ErrorCode::input_too_large:
            return "make the picture smaller first";
        case core::ErrorCode::input_too_small:
            return "use a larger version of the picture";
        case core::ErrorCode::input_animated:
            return "send a single frame";
        case core::ErrorCode::input_missing:
        case core::ErrorCode::input_changed:
            return "run it again from the original file";
        case core::ErrorCode::no_subject:
            return "crop closer to the subject, or name it with -p roi=[x,y,w,h]";
        case core::ErrorCode::region_missing:
        case core::ErrorCode::region_out_of_bounds:
        case core::ErrorCode::region_too_large:
            return "look at the picture's size, and at units: shares of it, or pixels";
        case core::ErrorCode::mask_size_mismatch:
            return "make the mask exactly as large as the picture, after turning it upright";
        case core::ErrorCode::compliance_failed:
            return "take a picture that shows all of the product, or -p strict=false to get it with a "
                   "warning";
        case core::ErrorCode::params_invalid:
            return "see darkroom types TYPE for what the params may be";
        case core::ErrorCode::recipe_not_found:
            return "leave out -p recipe, -p engine and --backend";
        case core::ErrorCode::workflow_rejected:
            return "the operator's recipe does not fit the ComfyUI behind it";
        case core::ErrorCode::timeout:
        case core::ErrorCode::worker_oom:
            return "make the picture smaller, then try again";
        case core::ErrorCode::backend_unavailable:
        case core::ErrorCode::model_unavailable:
        case core::ErrorCode::remote_result_lost:
        case core::ErrorCode::storage_unavailable:
        case core::ErrorCode::interrupted:
            return "try again later: darkroom jobs retry ID";
        case core::ErrorCode::storage_full:
            return "free space on the server, then: darkroom jobs retry ID";
        case core::ErrorCode::output_missing:
        case core::ErrorCode::output_invalid:
        case core::ErrorCode::worker_crashed:
        case core::ErrorCode::internal:
            return "darkroom jobs retry ID; if it fails again, report the picture and the id";
        case core::ErrorCode::cancelled:
            return "darkroom jobs retry ID brings it back";
    }
    return {};
}

}  // namespace darkroom::cli
