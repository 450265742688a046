#include "imaging/wire/messages.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "imaging/wire/packet.h"

namespace darkroom::imaging {
namespace {

namespace json = boost::json;

constexpr std::uint32_t side_max = 65'536;
constexpr std::size_t message_length_max = 500;
constexpr std::size_t warnings_max = 32;

/// Reading of one object that either has every field asked for or is refused as a whole.
class Fields {
public:
    explicit Fields(const json::value* value) : object_(value != nullptr ? value->if_object() : nullptr) {}
    explicit Fields(const json::object& object) : object_(&object) {}

    bool good() const { return object_ != nullptr; }
    const json::value* find(std::string_view name) {
        const json::value* value = good() ? object_->if_contains(name) : nullptr;
        if (value == nullptr) object_ = nullptr;
        return value;
    }
    std::string text(std::string_view name) {
        const json::value* value = find(name);
        const json::string* text = value != nullptr ? value->if_string() : nullptr;
        if (text == nullptr) object_ = nullptr;
        return text != nullptr ? std::string(*text) : std::string();
    }
    bool flag(std::string_view name) {
        const json::value* value = find(name);
        const bool* flag = value != nullptr ? value->if_bool() : nullptr;
        if (flag == nullptr) object_ = nullptr;
        return flag != nullptr && *flag;
    }
    std::uint64_t number(std::string_view name, std::uint64_t at_most) {
        const json::value* value = find(name);
        const std::int64_t* number = value != nullptr ? value->if_int64() : nullptr;
        if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) > at_most) {
            object_ = nullptr;
            return 0;
        }
        return static_cast<std::uint64_t>(*number);
    }

private:
    const json::object* object_;
};

json::object limits_json(const core::ImageLimits& limits) {
    return {{"file_bytes_max", static_cast<std::int64_t>(limits.file_bytes_max)},
            {"side_min", static_cast<std::int64_t>(limits.side_min)},
            {"side_max", static_cast<std::int64_t>(limits.side_max)},
            {"pixels_max", static_cast<std::int64_t>(limits.pixels_max)},
            {"progressive_pixels_max", static_cast<std::int64_t>(limits.progressive_pixels_max)},
            {"profile_bytes_max", static_cast<std::int64_t>(limits.profile_bytes_max)},
            {"metadata_bytes_max", static_cast<std::int64_t>(limits.metadata_bytes_max)},
            {"compression_max", static_cast<std::int64_t>(limits.compression_max)},
            {"compression_free_pixels", static_cast<std::int64_t>(limits.compression_free_pixels)},
            {"heic", limits.heic}};
}

core::ImageLimits read_limits(Fields& fields) {
    constexpr std::uint64_t any = INT64_MAX;
    core::ImageLimits limits;
    limits.file_bytes_max = fields.number("file_bytes_max", any);
    limits.side_min = static_cast<std::uint32_t>(fields.number("side_min", UINT32_MAX));
    limits.side_max = static_cast<std::uint32_t>(fields.number("side_max", UINT32_MAX));
    limits.pixels_max = fields.number("pixels_max", any);
    limits.progressive_pixels_max = fields.number("progressive_pixels_max", any);
    limits.profile_bytes_max = fields.number("profile_bytes_max", any);
    limits.metadata_bytes_max = fields.number("metadata_bytes_max", any);
    limits.compression_max = fields.number("compression_max", any);
    limits.compression_free_pixels = fields.number("compression_free_pixels", any);
    limits.heic = fields.flag("heic");
    return limits;
}

json::object done_json(const PictureDone& done) {
    json::array outputs;
    for (const auto& output : done.outputs) {
        outputs.push_back(json::object{{"role", output.role},
                                       {"content_type", output.content_type},
                                       {"width", static_cast<std::int64_t>(output.width)},
                                       {"height", static_cast<std::int64_t>(output.height)},
                                       {"has_alpha", output.has_alpha}});
    }
    return {{"outputs", std::move(outputs)},
            {"noop", done.noop},
            {"measures", done.measures},
            {"warnings", done.warnings},
            {"timing_ms", json::object{{"decode", done.timing.decode.count()},
                                       {"op", done.timing.op.count()},
                                       {"encode", done.timing.encode.count()}}}};
}

constexpr std::array output_roles{"main", "mask", "thumbnail", "preview", "report"};
constexpr std::array picture_types{"image/png", "image/jpeg", "image/webp", "image/tiff"};
static_assert(request_file_count + part_names.size() <= packet_files_max);

std::optional<PictureOutput> read_output(const json::value& value) {
    Fields fields(&value);
    PictureOutput output;
    output.role = fields.text("role");
    output.content_type = fields.text("content_type");
    output.width = static_cast<std::uint32_t>(fields.number("width", side_max));
    output.height = static_cast<std::uint32_t>(fields.number("height", side_max));
    output.has_alpha = fields.flag("has_alpha");
    if (!fields.good() || std::ranges::find(output_roles, output.role) == output_roles.end())
        return std::nullopt;
    const bool has_size = output.width > 0 && output.height > 0;
    if (output.role == "report") {
        const bool plain = output.width == 0 && output.height == 0 && !output.has_alpha;
        return plain && output.content_type == report_type ? std::optional(output) : std::nullopt;
    }
    if (!has_size || std::ranges::find(picture_types, output.content_type) == picture_types.end())
        return std::nullopt;
    return output;
}

bool read_outputs(const json::value* value, std::vector<PictureOutput>& outputs) {
    const json::array* list = value != nullptr ? value->if_array() : nullptr;
    if (list == nullptr || list->empty() || list->size() > output_roles.size()) return false;
    for (const auto& item : *list) {
        auto output = read_output(item);
        if (!output) return false;
        const bool twice =
            std::ranges::any_of(outputs, [&](const auto& known) { return known.role == output->role; });
        if (twice) return false;
        outputs.push_back(std::move(*output));
    }
    return outputs.front().role == "main";
}

bool read_warnings(const json::value* value, json::array& warnings) {
    const json::array* list = value != nullptr ? value->if_array() : nullptr;
    if (list == nullptr || list->size() > warnings_max) return false;
    for (const auto& item : *list) {
        Fields fields(&item);
        std::string code = fields.text("code");
        std::string detail = fields.text("detail");
        if (!fields.good() || code.size() > message_length_max || detail.size() > message_length_max)
            return false;
        warnings.push_back(json::object{{"code", code}, {"detail", detail}});
    }
    return true;
}

/// Numbers, flags, words, and short lists and objects of them, `depth` levels deep.
bool is_measure(const json::value& value, int depth) {
    constexpr std::size_t members_max = 32;
    if (const auto* text = value.if_string()) return text->size() <= 200;
    if (depth > 0 && value.is_array()) {
        const auto& list = value.get_array();
        return list.size() <= members_max &&
               std::ranges::all_of(list, [&](const auto& item) { return is_measure(item, depth - 1); });
    }
    if (depth > 0 && value.is_object()) {
        const auto& members = value.get_object();
        return members.size() <= members_max && std::ranges::all_of(members, [&](const auto& member) {
                   return member.key().size() <= 64 && is_measure(member.value(), depth - 1);
               });
    }
    return value.is_number() || value.is_bool();
}

// Whatever else stands there is dropped. A report is a list of objects, some with a list in them.
json::object read_measures(const json::object& sent) {
    json::object measures;
    for (const auto& [name, value] : sent) {
        if (name.size() > 64 || measures.size() >= 64) continue;
        if (is_measure(value, 3)) measures[name] = value;
    }
    return measures;
}

std::optional<core::JobError> read_error(const json::value& value) {
    Fields fields(&value);
    const auto code = core::parse_error_code(fields.text("code"));
    std::string message = fields.text("message");
    if (!fields.good() || !code || message.empty() || message.size() > message_length_max)
        return std::nullopt;
    return core::JobError{*code, std::move(message)};
}

bool read_parts(const json::value* value, std::vector<std::string>& parts) {
    const json::array* list = value != nullptr ? value->if_array() : nullptr;
    if (list == nullptr || list->size() > part_names.size()) return false;
    for (const auto& item : *list) {
        const json::string* text = item.if_string();
        const std::string name = text != nullptr ? std::string(*text) : std::string();
        if (std::ranges::find(part_names, name) == part_names.end() ||
            std::ranges::find(parts, name) != parts.end())
            return false;
        parts.push_back(name);
    }
    return true;
}

std::optional<PictureDone> read_done(const json::object& object) {
    constexpr std::uint64_t day_ms = 86'400'000;
    Fields fields(object);
    PictureDone done;
    done.noop = fields.flag("noop");
    const json::value* measures = fields.find("measures");
    Fields timing(fields.find("timing_ms"));
    done.timing.decode = Milliseconds(timing.number("decode", day_ms));
    done.timing.op = Milliseconds(timing.number("op", day_ms));
    done.timing.encode = Milliseconds(timing.number("encode", day_ms));
    if (!fields.good() || !timing.good() || !measures->is_object()) return std::nullopt;
    done.measures = read_measures(measures->get_object());
    if (!read_outputs(fields.find("outputs"), done.outputs)) return std::nullopt;
    if (!read_warnings(fields.find("warnings"), done.warnings)) return std::nullopt;
    return done;
}

}  // namespace

std::string write_request(const PictureRequest& request) {
    return json::serialize(json::object{{"operation", request.operation},
                                        {"params", request.params},
                                        {"limits", limits_json(request.limits)},
                                        {"parts", json::array(request.parts.begin(), request.parts.end())},
                                        {"extras", request.extras}});
}

std::optional<PictureRequest> parse_request(std::string_view text) {
    const auto parsed = parse_json(text, packet_bytes_max);
    if (!parsed) return std::nullopt;
    Fields fields(&*parsed);
    PictureRequest request;
    request.operation = fields.text("operation");
    const json::value* params = fields.find("params");
    Fields limits(fields.find("limits"));
    request.limits = read_limits(limits);
    request.extras = fields.flag("extras");
    if (!read_parts(fields.find("parts"), request.parts)) return std::nullopt;
    if (!fields.good() || !limits.good() || !params->is_object()) return std::nullopt;
    request.params = params->get_object();
    return request;
}

std::string write_answer(const PictureAnswer& answer) {
    if (answer) return json::serialize(done_json(*answer));
    return json::serialize(json::object{{"error", json::object{{"code", core::to_string(answer.error().code)},
                                                               {"message", answer.error().message}}}});
}

std::optional<PictureAnswer> parse_answer(std::string_view text) {
    const auto parsed = parse_json(text, packet_bytes_max);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    const json::object& object = parsed->get_object();
    if (const json::value* error = object.if_contains("error")) {
        auto failure = read_error(*error);
        if (!failure) return std::nullopt;
        return PictureAnswer(Fail(std::move(*failure)));
    }
    auto done = read_done(object);
    if (!done) return std::nullopt;
    return PictureAnswer(std::move(*done));
}

}  // namespace darkroom::imaging
