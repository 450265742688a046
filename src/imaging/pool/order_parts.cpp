#include "imaging/pool/order_parts.h"

#include <utility>

#include "imaging/wire/messages.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;

const boost::json::string* mask_name(const boost::json::object& params) {
    const auto* region = params.if_contains("region");
    const auto* members = region != nullptr ? region->if_object() : nullptr;
    const auto* mask = members != nullptr ? members->if_contains("mask") : nullptr;
    return mask != nullptr ? mask->if_string() : nullptr;
}

}  // namespace

std::optional<std::size_t> mask_position(const boost::json::object& params,
                                         const std::vector<core::InputImage>& inputs) {
    const auto* name = mask_name(params);
    if (name == nullptr) return std::nullopt;
    for (std::size_t i = 1; i < inputs.size(); ++i) {
        if (*name == inputs[i].name) return i;
    }
    return *name == "mask" && inputs.size() > 1 ? 1 : inputs.size();
}

Result<OrderParts, JobError> OrderParts::open(const ports::WorkOrder& order, boost::json::object& params,
                                              ports::ObjectStore& objects,
                                              const std::filesystem::path& folder, const ModelOf& model_of,
                                              ModelFiles& models) {
    OrderParts parts;
    if (const auto position = mask_position(params, order.inputs)) {
        if (*position >= order.inputs.size()) {
            return Fail(JobError{ErrorCode::input_missing,
                                 "The job has no input of the name that region.mask says."});
        }
        auto mask = InputFile::open(objects, order.inputs[*position], folder);
        if (!mask) return Fail(mask.error());
        parts.mask_ = *std::move(mask);
        parts.list_.push_back({"mask", parts.mask_->fd()});
    }
    if (!model_of) return parts;
    auto model = model_of(order);
    if (!model) return Fail(model.error());
    if (!*model) return parts;
    auto file = models.open((*model)->file, (*model)->sha256);
    if (!file) return Fail(file.error());
    parts.model_ = *std::move(file);
    parts.list_.push_back({"model", parts.model_.get()});
    (*model)->stage["sha256"] = (*model)->sha256;
    params[network_param] = std::move((*model)->stage);
    return parts;
}

}  // namespace darkroom::imaging
