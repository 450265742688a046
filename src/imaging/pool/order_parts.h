// The further files that an order needs beside its picture: the mask that its region names, and the network
// of its recipe.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"
#include "imaging/pool/input_file.h"
#include "imaging/pool/model_file.h"
#include "ports/object_store.h"
#include "ports/picture_work.h"

namespace darkroom::imaging {

/// Where in the inputs of an order the mask is that its params name: an input of that name after the first,
/// or, for the word "mask", the second. Null where the params name none; past the end = named, but not there.
std::optional<std::size_t> mask_position(const boost::json::object& params,
                                         const std::vector<core::InputImage>& inputs);

/// Owns whatever keeps the descriptors open.
class OrderParts {
public:
    /// Completes `params` by what the network is for. Fails with input_missing where the mask is none of the
    /// inputs.
    static Result<OrderParts, core::JobError> open(const ports::WorkOrder& order, boost::json::object& params,
                                                   ports::ObjectStore& objects,
                                                   const std::filesystem::path& folder,
                                                   const ModelOf& model_of, ModelFiles& models);
    const std::vector<ports::PicturePart>& list() const { return list_; }
    bool has_network() const { return static_cast<bool>(model_); }

private:
    std::optional<InputFile> mask_;
    UniqueFd model_;
    std::vector<ports::PicturePart> list_;
};

}  // namespace darkroom::imaging
