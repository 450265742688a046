// The pictures of a job: counted against what the job looks at, loaded, and the mask found among them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/job_request.h"

namespace darkroom::api {

/// What a job looks at.
struct InputNeeds {
    std::size_t inputs_max = 1;
    std::optional<std::string> mask;  // name of the input that is one
    std::string mask_pointer = "/params/region/mask";
    std::optional<double> megapixels_max = std::nullopt;  // that its recipe takes of any of them
};

/// Before anything is loaded: too many inputs, or a mask that cannot be there.
std::optional<Problem> check_input_count(const std::vector<RequestedInput>& inputs, const InputNeeds& needs);

struct LoadedInputs {
    std::vector<core::InputImage> images;
    std::vector<UploadId> uploads;
};
/// Fetches URLs for `owner` and looks at uploads: those that came straight into the store are checked now, at
/// their first use.
Result<LoadedInputs, Problem> load_inputs(ApiContext& context, const Caller& caller, const UserId& owner,
                                          const std::vector<RequestedInput>& requested);

/// As soon as they are known: a picture that the recipe would not take.
std::optional<Problem> check_picture_sizes(const std::vector<core::InputImage>& images,
                                           const InputNeeds& needs);

/// The mask is an input of that name, or the second one if it is called "mask" and none is named so; that one
/// gets the name. It has to be as large as the picture.
std::optional<Problem> settle_mask(std::vector<core::InputImage>& images, const InputNeeds& needs);

}  // namespace darkroom::api
