#include "api/job_inputs.h"

#include <algorithm>
#include <sstream>

#include "api/intake_problem.h"

namespace darkroom::api {
namespace {

Problem field(std::string pointer, std::string code, std::string detail) {
    return Problem(std::vector{FieldProblem{std::move(pointer), std::move(code), std::move(detail)}});
}

std::string size_of(const core::InputImage& image) {
    return std::to_string(image.width) + " x " + std::to_string(image.height);
}

Result<core::Upload, Problem> load(ApiContext& context, const Caller& caller, const UserId& owner,
                                   const RequestedInput& input) {
    if (!input.upload) {
        auto fetched = context.intake.fetch(owner, input.url, "");
        if (!fetched) return Fail(problem_of(fetched.error(), input.pointer));
        return *std::move(fetched);
    }
    auto upload = context.intake.confirm(caller.access(), *input.upload);
    if (upload) return *std::move(upload);
    const auto* outcome = std::get_if<ports::UploadOutcome>(&upload.error());
    if (outcome != nullptr && *outcome == ports::UploadOutcome::not_found) {
        return Fail(Problem(ProblemCode::upload_not_found,
                            "There is no upload " + input.upload->str() + "; it may have expired."));
    }
    return Fail(problem_of(upload.error(), input.pointer));
}

}  // namespace

std::optional<Problem> check_input_count(const std::vector<RequestedInput>& inputs, const InputNeeds& needs) {
    if (needs.mask && inputs.size() < 2) {
        return field(needs.mask_pointer, "input_missing",
                     "The mask is an input of its own, after the picture; there is only one input.");
    }
    if (inputs.size() <= needs.inputs_max) return std::nullopt;
    const bool one = needs.inputs_max == 1;
    return field(inputs[needs.inputs_max].pointer, "input_unused",
                 "This job looks at " + std::to_string(needs.inputs_max) + (one ? " input" : " inputs") +
                     " only; leave this one out.");
}

Result<LoadedInputs, Problem> load_inputs(ApiContext& context, const Caller& caller, const UserId& owner,
                                          const std::vector<RequestedInput>& requested) {
    LoadedInputs loaded;
    for (const auto& input : requested) {
        auto upload = load(context, caller, owner, input);
        if (!upload) return Fail(upload.error());
        loaded.uploads.push_back(upload->id);
        loaded.images.push_back(*std::move(upload->image));
        if (!input.name.empty()) loaded.images.back().name = input.name;
    }
    return loaded;
}

std::optional<Problem> check_picture_sizes(const std::vector<core::InputImage>& images,
                                           const InputNeeds& needs) {
    if (!needs.megapixels_max) return std::nullopt;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const auto pixels = static_cast<double>(images[i].width) * static_cast<double>(images[i].height);
        if (pixels <= *needs.megapixels_max * 1e6) continue;
        std::ostringstream detail;
        detail << "The picture has " << size_of(images[i]) << " pixels; the recipe takes "
               << *needs.megapixels_max << " megapixels at most.";
        Problem problem(core::JobError{core::ErrorCode::input_too_large, detail.str()});
        problem.fields = {{"/inputs/" + std::to_string(i), problem.code, problem.detail}};
        return problem;
    }
    return std::nullopt;
}

std::optional<Problem> settle_mask(std::vector<core::InputImage>& images, const InputNeeds& needs) {
    if (!needs.mask || images.empty()) return std::nullopt;
    auto mask = std::find_if(images.begin() + 1, images.end(),
                             [&](const auto& image) { return image.name == *needs.mask; });
    if (mask == images.end() && *needs.mask == "mask" && images.size() > 1) mask = images.begin() + 1;
    if (mask == images.end()) {
        return field(needs.mask_pointer, "input_missing",
                     "No input after the first is called \"" + *needs.mask +
                         R"("; name it so, or say "mask" for the second one.)");
    }
    mask->name = *needs.mask;
    const auto& picture = images.front();
    if (mask->width == picture.width && mask->height == picture.height) return std::nullopt;
    return field(needs.mask_pointer, "mask_size_mismatch",
                 "The mask has " + size_of(*mask) + " pixels, and the picture " + size_of(picture) +
                     "; they must be of the same size.");
}

}  // namespace darkroom::api
