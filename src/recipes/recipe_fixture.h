// For this room's tests: a small workflow and a recipe that fits it, in pieces that a test can change.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/recipe_lint.h"

namespace darkroom::recipes::fixture {

inline const std::string workflow = R"({
  "3": {"class_type":"KSampler","inputs":{"seed":5,"denoise":0.7,"steps":20,"model":["4",0],"flags":{"deep":[1,2,3]}},
        "_meta":{"title":"Sampler"}},
  "4": {"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"a.safetensors"}},
  "6": {"class_type":"CLIPTextEncode","inputs":{"text":"a photo","clip":["4",1]},"_meta":{"title":"Prompt"}},
  "60": {"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["3",0]}},
  "78": {"class_type":"LoadImage","inputs":{"image":"in.png"},"_meta":{"title":"Load/the photo"}}
})";

inline const std::string head = R"(darkroom_recipe: 1
id: my.recipe
version: 2
type: my_type
title: Mine
engine: comfyui
models: [{ role: checkpoint, name: A, licence: MIT, commercial: yes }]
)";
inline const std::string params = R"(params:
  strength: { type: number, minimum: 0, maximum: 1, default: 0.5 }
  faces: { type: string, enum: ["off", light], default: "off" }
  words: { type: string, maxLength: 100, default: "" }
  seed: { type: [integer, "null"], minimum: 0, maximum: 9007199254740991, default: null }
)";
inline const std::string graph = R"(workflow: { file: mine.json, expect: { "3": KSampler, "78": LoadImage } }
inputs: { image: { pointer: /78/inputs/image } }
outputs: [{ role: main, node: "60" }]
)";
inline const std::string seed = "  - { param: seed, pointer: /3/inputs/seed, type: integer }\n";
inline const std::string prefix = "  - { job: id, format: \"dr-{}\", pointer: /60/inputs/filename_prefix }\n";

/// A whole recipe that binds seed, prefix and what is told.
inline std::string recipe(const std::string& binds = "", const std::string& more = "") {
    return head + params + graph + "bind:\n" + seed + prefix + binds + more;
}

/// The codes, in the order of the file.
inline std::vector<std::string> codes(const RecipeFindings& findings) {
    std::vector<std::string> all;
    for (const auto& finding : findings) all.push_back(finding.code);
    return all;
}

inline RecipeFindings lint(const std::string& yaml, const std::string& json = workflow,
                           const LintOptions& options = {}) {
    return lint_recipe(read_recipe(yaml), json, options);
}

/// All findings as text, for messages and HasSubstr.
inline std::string told(const RecipeFindings& findings) {
    std::string text;
    for (const auto& finding : findings) {
        text += std::to_string(finding.place.line) + ":" + std::to_string(finding.place.column) + " " +
                finding.code + ": " + finding.detail + "\n";
    }
    return text;
}

}  // namespace darkroom::recipes::fixture
