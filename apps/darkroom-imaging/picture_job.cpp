#include "picture_job.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>

#include "imaging/codec/decode.h"
#include "imaging/codec/resize.h"
#include "imaging/ops/operations.h"
#include "imaging/ops/removal_region.h"
#include "inspected_output.h"
#include "keep_picture.h"
#include "model_stages.h"
#include "output_plan.h"
#include "request_parts.h"
#include "result_files.h"
#include "stopwatch.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;

std::string dimensions(const cv::Mat& pixels) {
    return std::to_string(pixels.cols) + " x " + std::to_string(pixels.rows) + " pixels";
}

DecodeOptions plan_decoding(const PictureRequest& request, const OperationTraits& operation,
                            const SharedParams& shared) {
    DecodeOptions options;
    options.limits = request.limits;
    options.keep_16_bit = operation.keeps_16_bit;
    options.keep_metadata = shared.metadata == "keep_all";
    if (operation.reduces_first) {
        options.pixels_max = shared.output_pixels_max;
        options.side_max = shared.output_side_max;
    }
    return options;
}

JobError as_job_error(const OperationError& error) {
    const auto code = core::parse_error_code(error.code);
    return {code.value_or(ErrorCode::internal), error.message};
}

// Makes the result as small as asked where the operation did not work on a reduced picture already.
void fit_output(OperationOutput& output, const SharedParams& shared, bool reduced_before, PictureDone& done) {
    const Size size{output.main.cols, output.main.rows};
    const Size fitting = fitting_size(size, shared.output_pixels_max, shared.output_side_max);
    const bool reduces = fitting.width < size.width || fitting.height < size.height;
    if (reduces) {
        output.main = reduce_lanczos(output.main, fitting);
        if (!output.mask.empty()) output.mask = reduce_lanczos(output.mask, fitting);
    }
    if (!reduces && !reduced_before) return;
    output.noop = false;
    const bool preview = shared.output_side_max != UINT32_MAX;
    if (!preview)
        warn(done, "output_reduced",
             "The result was reduced to " + dimensions(output.main) + ", as max_output_mp asks.");
}

Result<void, JobError> write_main(OperationOutput& output, const EncodeOptions& main, Inspect inspect,
                                  const PictureRequest& request, const RequestFiles& files,
                                  PictureDone& done) {
    if (inspect != nullptr) return write_inspected(output, main, inspect, request, files, done);
    return write_output(output.main, main, files[main_file], "main", done);
}

Result<void, JobError> write_extras(const OperationOutput& output, const PictureRequest& request,
                                    const RequestFiles& files, PictureDone& done) {
    if (!output.noop) {
        if (auto written = write_preview(output.main, files[preview_file], done); !written) return written;
    }
    const auto* checks = output.measures.if_contains("report");
    if (checks == nullptr) return {};
    return write_report({{"type", request.operation}, {"checks", *checks}}, files[report_file], done);
}

Result<void, JobError> write_outputs(OperationOutput& output, const EncodeOptions& main, Inspect inspect,
                                     const PictureRequest& request, const RequestFiles& files,
                                     PictureDone& done) {
    if (auto written = write_main(output, main, inspect, request, files, done); !written) return written;
    if (output.main.channels() == 4 && main.format == OutputFormat::jpeg) {
        warn(done, "alpha_flattened", "JPEG knows no transparency; the result stands on white.");
    }
    if (!output.mask.empty()) {
        const EncodeOptions quick{.format = OutputFormat::png, .png_compression = 1};
        if (auto written = write_output(output.mask, quick, files[mask_file], "mask", done); !written)
            return written;
    }
    if (request.extras) {
        if (auto written = write_extras(output, request, files, done); !written) return written;
    }
    return write_thumbnail(output.main, files[thumbnail_file], done);
}

/// Whether an operation has such a stage.
bool has_stage(std::string_view operation, StageKind kind) {
    switch (kind) {
        case StageKind::inpaint:
            return operation == "object_remove";
        case StageKind::upscale_x4:
            return operation == "upscale_2k";
        case StageKind::coarse_mask:
        case StageKind::alpha:
            break;
    }
    return operation == "bg_remove" || operation == "cutout_subject" || operation == "white_bg_ecomm";
}

/// Null where none is wanted.
Result<ModelStage*, JobError> read_network(const PictureRequest& request, const RequestFiles& files) {
    static ModelStages stages;  // one picture at a time, and the next one most likely wants the same
    const auto* plan = request.params.if_contains(network_param);
    if (plan == nullptr) return static_cast<ModelStage*>(nullptr);
    if (!plan->is_object() || files.part("model") < 0)
        return Fail(JobError{ErrorCode::model_unavailable, "The network of this recipe is missing."});
    auto stage = stages.get(plan->get_object(), files.part("model"));
    if (stage && !has_stage(request.operation, (*stage)->kind())) {
        return Fail(
            JobError{ErrorCode::model_unavailable, "This type has no stage that the network could do."});
    }
    return stage;
}

Result<OperationParts, JobError> read_parts(const PictureRequest& request, const RequestFiles& files,
                                            const Picture& picture) {
    OperationParts parts;
    if (names_mask(request.params) && files.part("mask") >= 0) {
        auto mask = decode_mask(files.part("mask"), picture, request.limits);
        if (!mask) return Fail(mask.error());
        parts.mask = *std::move(mask);
    }
    if (request.operation == composite_operation) {
        auto result = decode_foreign_result(files[input_file], request.limits);
        if (!result) return Fail(result.error());
        parts.result = *std::move(result);
    }
    auto stage = read_network(request, files);
    if (!stage) return Fail(stage.error());
    parts.stage = *stage;
    return parts;
}

// What the operation works on: for a result of somebody else that is the job's own picture, beside it.
int picture_file(const PictureRequest& request, const RequestFiles& files) {
    return request.operation == composite_operation ? files.part("original") : files[input_file];
}

PictureAnswer work(const PictureRequest& request, const OperationTraits& operation,
                   const RequestFiles& files) {
    const SharedParams shared = read_shared_params(request.params);
    PictureDone done;
    Stopwatch watch;
    auto input = decode_picture(picture_file(request, files), plan_decoding(request, operation, shared));
    if (!input) return Fail(input.error());
    auto parts = read_parts(request, files, *input);
    if (!parts) return Fail(parts.error());
    done.timing.decode = watch.lap();

    OperationResult result = operation.run(input->pixels, request.params, *parts);
    if (!result) return Fail(as_job_error(result.error()));
    done.timing.op = watch.lap();

    if (parts->stage != nullptr)
        result->measures["network"] = request.params.at(network_param).as_object().at("stage");
    for (const Warning& warning : result->warnings) warn(done, warning.code, warning.detail);
    fit_output(*result, shared, input->reduced, done);
    input->pixels.release();  // encoding needs memory of its own
    const EncodeOptions encoding = plan_encoding(shared, *input, result->main.channels() == 4);
    if (auto written = write_outputs(*result, encoding, operation.inspect, request, files, done); !written)
        return Fail(written.error());
    done.timing.encode = watch.lap();
    done.noop = result->noop;
    done.measures = std::move(result->measures);
    return done;
}

JobError out_of_memory() {
    return {ErrorCode::worker_oom, "There was not enough memory to work on this picture."};
}

}  // namespace

PictureAnswer run_picture_job(const PictureRequest& request, const RequestFiles& files) {
    const bool keeps = request.operation == keep_picture_operation;
    const OperationTraits* operation = keeps ? nullptr : find_operation(request.operation);
    if (!keeps && operation == nullptr)
        return Fail(JobError{ErrorCode::recipe_not_found, "This server cannot do this type of job."});
    try {
        return keeps ? keep_picture(request, files) : work(request, *operation, files);
    } catch (const std::bad_alloc&) {
        return Fail(out_of_memory());
    } catch (const cv::Exception& error) {
        if (error.code == cv::Error::StsNoMem) return Fail(out_of_memory());
        return Fail(JobError{ErrorCode::internal, "The operation failed on this picture."});
    } catch (const std::exception&) {
        return Fail(JobError{ErrorCode::internal, "The operation failed on this picture."});
    }
}

}  // namespace darkroom::imaging
