#include "app/recipe_models.h"

#include <optional>
#include <utility>

namespace darkroom::app {
namespace {

using core::ErrorCode;
using core::JobError;

Result<std::optional<imaging::OrderModel>, JobError> model_of(const RecipeShelf& shelf,
                                                              const std::filesystem::path& folder,
                                                              const ports::WorkOrder& work) {
    if (work.recipe_digest.empty()) return std::optional<imaging::OrderModel>();
    const auto recipe = shelf.find_digest(work.recipe_digest);
    // Another recipe of that name would be a lie in the books of what a picture was made with.
    if (!recipe)
        return Fail(
            JobError{ErrorCode::model_unavailable,
                     "The recipe " + work.recipe + " is no longer as it was when the job was created."});
    const auto* network = recipe->file.network();
    if (network == nullptr) return std::optional<imaging::OrderModel>();
    return std::optional(
        imaging::OrderModel{recipe->file.onnx->plan, folder / network->file, network->sha256});
}

}  // namespace

imaging::ModelOf recipe_models(const RecipeShelf& shelf, std::filesystem::path folder) {
    return [&shelf, folder = std::move(folder)](const ports::WorkOrder& work) {
        return model_of(shelf, folder, work);
    };
}

}  // namespace darkroom::app
