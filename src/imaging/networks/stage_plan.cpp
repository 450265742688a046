#include "imaging/networks/stage_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace darkroom::imaging {
namespace {

namespace json = boost::json;

constexpr std::array stages{std::pair("coarse_mask", StageKind::coarse_mask),
                            std::pair("alpha", StageKind::alpha), std::pair("inpaint", StageKind::inpaint),
                            std::pair("upscale_x4", StageKind::upscale_x4)};
constexpr double side_max = 4096;

/// Reads members of one object; the first that is wrong is kept in `wrong`.
class Reader {
public:
    Reader(const json::object& object, std::string place, std::string& wrong)
        : object_(object), place_(std::move(place)), wrong_(wrong) {}

    void only(std::initializer_list<std::string_view> known) {
        for (const auto& member : object_) {
            const std::string_view name(member.key().data(), member.key().size());
            if (std::find(known.begin(), known.end(), name) == known.end()) refuse(std::string(name));
        }
    }
    double number(std::string_view name, double otherwise, double low, double high) {
        const auto* value = given(name);
        if (value == nullptr) return otherwise;
        const double number = value->is_number() ? value->to_number<double>() : NAN;
        if (number >= low && number <= high) return number;
        refuse(std::string(name));
        return otherwise;
    }
    int integer(std::string_view name, int otherwise, int high) {
        const double value = number(name, otherwise, 0, high);
        if (value != std::floor(value)) refuse(std::string(name));
        return static_cast<int>(value);
    }
    bool flag(std::string_view name) {
        const auto* value = given(name);
        if (value == nullptr) return false;
        if (!value->is_bool()) refuse(std::string(name));
        return value->is_bool() && value->get_bool();
    }
    /// The first of `words` where none is given.
    std::string word(std::string_view name, std::initializer_list<std::string_view> words) {
        const auto* value = given(name);
        if (value == nullptr) return std::string(*words.begin());
        std::string text = value->is_string() ? std::string(value->get_string()) : std::string();
        if (std::find(words.begin(), words.end(), text) == words.end()) refuse(std::string(name));
        return text;
    }
    std::string text(std::string_view name) {
        const auto* value = given(name);
        if (value == nullptr) return {};
        if (!value->is_string() || value->get_string().size() > 200) refuse(std::string(name));
        return value->is_string() ? std::string(value->get_string()) : std::string();
    }
    template <std::size_t N>
    std::array<double, N> list(std::string_view name, std::array<double, N> otherwise, double low,
                               double high) {
        const auto* value = given(name);
        if (value == nullptr) return otherwise;
        const auto* items = value->if_array();
        bool good = items != nullptr && items->size() == N;
        for (std::size_t i = 0; good && i < N; ++i) {
            const double number = (*items)[i].is_number() ? (*items)[i].to_number<double>() : NAN;
            good = number >= low && number <= high;
            otherwise[i] = number;
        }
        if (!good) refuse(std::string(name));
        return otherwise;
    }
    /// An empty one where it is missing.
    json::object object(std::string_view name) {
        const auto* value = given(name);
        if (value == nullptr) return {};
        if (!value->is_object()) refuse(std::string(name));
        return value->is_object() ? value->get_object() : json::object();
    }

private:
    const json::value* given(std::string_view name) const {
        const auto* value = object_.if_contains({name.data(), name.size()});
        return value != nullptr && !value->is_null() ? value : nullptr;
    }
    void refuse(const std::string& name) {
        if (wrong_.empty()) wrong_ = place_ + name;
    }

    const json::object& object_;
    std::string place_;
    std::string& wrong_;
};

void read_input(const json::object& object, StagePlan& plan, std::string& wrong) {
    Reader input(object, "input.", wrong);
    input.only({"name", "mask", "size", "layout", "order", "scale", "divide_by_max", "mean", "std"});
    plan.input_name = input.text("name");
    plan.hole_name = input.text("mask");
    const auto size = input.list<2>("size", {0, 0}, 0, side_max);
    plan.size = cv::Size(static_cast<int>(size[0]), static_cast<int>(size[1]));
    plan.channels_last = input.word("layout", {"NCHW", "NHWC"}) == "NHWC";
    plan.bgr = input.word("order", {"RGB", "BGR"}) == "BGR";
    plan.divide_by_max = input.flag("divide_by_max");
    plan.scale = input.number("scale", 1.0 / 255, 1e-6, 1e3);
    plan.mean = input.list<3>("mean", {0, 0, 0}, -1e3, 1e3);
    plan.deviation = input.list<3>("std", {1, 1, 1}, 1e-6, 1e3);
}

void read_output(const json::object& object, StagePlan& plan, std::string& wrong) {
    Reader output(object, "output.", wrong);
    output.only({"name", "index", "channel", "activation", "normalise", "range"});
    plan.output_name = output.text("name");
    plan.output_index = output.integer("index", 0, 63);
    plan.output_channel = output.integer("channel", 0, 1023);
    plan.sigmoid = output.word("activation", {"none", "sigmoid"}) == "sigmoid";
    plan.minmax = output.word("normalise", {"none", "minmax"}) == "minmax";
    plan.output_range = output.number("range", 1, 1e-6, 1e6);
}

}  // namespace

Result<StagePlan, std::string> read_stage_plan(const json::object& object) {
    StagePlan plan;
    std::string wrong;
    Reader all(object, "", wrong);
    all.only({"stage", "sha256", "runtime", "input", "output", "tile", "selftest"});
    const auto stage = all.word("stage", {"", "coarse_mask", "alpha", "inpaint", "upscale_x4"});
    for (const auto& [name, kind] : stages) {
        if (stage == name) plan.kind = kind;
    }
    plan.sha256 = all.text("sha256");
    read_input(all.object("input"), plan, wrong);
    read_output(all.object("output"), plan, wrong);
    const json::object tile_object = all.object("tile"), test_object = all.object("selftest");
    Reader tile(tile_object, "tile.", wrong);
    tile.only({"size", "overlap"});
    plan.tile_size = tile.integer("size", 0, 2048);
    plan.tile_overlap = tile.integer("overlap", 0, 256);
    Reader test(test_object, "selftest.", wrong);
    test.only({"fixture", "min_iou"});
    (void)test.word("fixture", {"disc_on_grey"});
    plan.min_iou = test.number("min_iou", 0.9, 0, 1);
    if (stage.empty() && wrong.empty()) wrong = "stage";
    if (wrong.empty() && plan.tile_size > 0 && plan.tile_size <= 2 * plan.tile_overlap)
        wrong = "tile.overlap";
    if (wrong.empty() && (plan.size.width == 0) != (plan.size.height == 0)) wrong = "input.size";
    if (!wrong.empty()) return Fail(std::move(wrong));
    return plan;
}

std::string_view name_of(StageKind kind) {
    for (const auto& [name, known] : stages) {
        if (known == kind) return name;
    }
    return "";
}

}  // namespace darkroom::imaging
