#include "recipes/recipe_onnx.h"

#include <algorithm>
#include <cmath>

#include "recipes/map_reader.h"

namespace darkroom::recipes {
namespace {

using Need = MapReader::Need;

constexpr std::size_t name_bytes_max = 200;
constexpr double side_max = 4096;

/// Members of one mapping inside `onnx`; `null` is the same as nothing.
class Part {
public:
    Part(const YamlNode& node, std::string label, RecipeFindings& findings)
        : map_(node, std::move(label), findings) {}
    ~Part() { map_.refuse_others(); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    void name(std::string_view key) {
        if (is_given(key)) map_.text(key, Need::optional, name_bytes_max);
    }
    void word(std::string_view key, const std::vector<std::string_view>& words) {
        if (is_given(key)) map_.word(key, words);
    }
    void flag(std::string_view key) {
        if (is_given(key)) map_.flag(key, false);
    }
    void number(std::string_view key, double low, double high) {
        if (is_given(key)) map_.number(key, low, high);
    }
    std::int64_t whole(std::string_view key, std::int64_t high) {
        return is_given(key) ? map_.whole(key, 0, 0, high) : 0;
    }
    std::vector<double> numbers(std::string_view key, std::size_t count, double low, double high,
                                bool only_whole = false) {
        const auto* list = is_given(key) ? map_.list(key) : nullptr;
        if (list == nullptr) return {};
        std::vector<double> all;
        for (const auto& item : *list) {
            const auto value = to_json(item);
            const double number = value.is_number() ? value.to_number<double>() : NAN;
            const bool good =
                number >= low && number <= high && (!only_whole || number == std::floor(number));
            if (good) all.push_back(number);
        }
        if (list->size() == count && all.size() == count) return all;
        complain(key, "must be a list of " + std::to_string(count) + (only_whole ? " whole" : "") +
                          " numbers in its range");
        return {};
    }
    void complain(std::string_view key, const std::string& what) {
        const auto* node = map_.member(key);
        map_.complain(node != nullptr ? node->place : map_.place(), "wrong_value",
                      map_.label() + "." + std::string(key) + " " + what);
    }
    const YamlNode* given(std::string_view key) { return is_given(key) ? map_.member(key) : nullptr; }
    MapReader& map() { return map_; }

private:
    bool is_given(std::string_view key) {
        const auto* node = map_.member(key);
        return node != nullptr && node->kind != YamlNode::Kind::null;
    }

    MapReader map_;
};

void check_input(const YamlNode& node, RecipeFindings& findings) {
    Part input(node, "onnx.input", findings);
    input.name("name");
    input.name("mask");
    const auto size = input.numbers("size", 2, 0, side_max, true);
    if (size.size() == 2 && (size[0] == 0) != (size[1] == 0))
        input.complain("size", "has one side of 0; [0, 0] leaves the picture as it is");
    input.word("layout", {"NCHW", "NHWC"});
    input.word("order", {"RGB", "BGR"});
    input.number("scale", 1e-6, 1e3);
    input.flag("divide_by_max");
    input.numbers("mean", 3, -1e3, 1e3);
    input.numbers("std", 3, 1e-6, 1e3);
}

void check_output(const YamlNode& node, RecipeFindings& findings) {
    Part output(node, "onnx.output", findings);
    output.name("name");
    output.whole("index", 63);
    output.whole("channel", 1023);
    output.word("activation", {"none", "sigmoid"});
    output.word("normalise", {"none", "minmax"});
    output.number("range", 1e-6, 1e6);
}

void check_tile(const YamlNode& node, RecipeFindings& findings) {
    Part tile(node, "onnx.tile", findings);
    const auto size = tile.whole("size", 2048);
    const auto overlap = tile.whole("overlap", 256);
    if (size > 0 && size <= 2 * overlap) tile.complain("overlap", "must be less than half of size");
}

void check_selftest(const YamlNode& node, RecipeFindings& findings) {
    Part test(node, "onnx.selftest", findings);
    test.word("fixture", {"disc_on_grey"});
    test.number("min_iou", 0, 1);
}

}  // namespace

OnnxUse read_onnx(const YamlNode& node, RecipeFindings& findings) {
    OnnxUse use;
    use.place = node.place;
    Part all(node, "onnx", findings);
    use.stage = all.map().word("stage", {"coarse_mask", "alpha", "inpaint", "upscale_x4"}, Need::required);
    const auto runtimes =
        all.given("runtime") != nullptr ? all.map().texts("runtime") : std::vector<std::string>{"opencv"};
    if (std::find(runtimes.begin(), runtimes.end(), "opencv") == runtimes.end())
        all.complain("runtime", "must name opencv, the only one that is built in");
    if (const auto* input = all.given("input")) check_input(*input, findings);
    if (const auto* output = all.given("output")) check_output(*output, findings);
    if (const auto* tile = all.given("tile")) check_tile(*tile, findings);
    if (const auto* test = all.given("selftest")) check_selftest(*test, findings);
    auto plan = to_json(node);
    if (plan.is_object()) use.plan = std::move(plan.as_object());
    return use;
}

bool has_stage(std::string_view type, std::string_view stage) {
    if (stage == "inpaint") return type == "object_remove";
    if (stage == "upscale_x4") return type == "upscale_2k";
    return type == "bg_remove" || type == "cutout_subject" || type == "white_bg_ecomm";
}

}  // namespace darkroom::recipes
