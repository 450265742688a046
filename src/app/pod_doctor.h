// Asks each ComfyUI pod what a gateway would find there: whether it answers, its version and GPU, and whether
// it has the nodes and models of the recipes that go to pods.
#pragma once
#include <vector>

#include "app/settings.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "recipes/recipe_book.h"
#include "upkeep/storage_check.h"

namespace darkroom::app {

/// Sends nothing to work on. `book` may be null: then no recipe is looked at.
std::vector<upkeep::Finding> examine_pods(const Settings& settings, const recipes::RecipeBook* book,
                                          ports::HttpClient& http, const ports::Clock& clock);

}  // namespace darkroom::app
