#include "store/sql/images_json.h"

#include "base/json.h"
#include "store/sql/sql_failure.h"

namespace darkroom::store {
namespace {

namespace json = boost::json;

constexpr std::size_t json_bytes_max = 64u << 20;  // far above what the API lets in

void append_text(std::string& out, std::string_view name, std::string_view value) {
    out.append("\"").append(name).append("\":");
    append_json_string(out, value);
    out.push_back(',');
}

void append_number(std::string& out, std::string_view name, std::uint64_t value) {
    out.append("\"").append(name).append("\":").append(std::to_string(value)).push_back(',');
}

// `label` is what an input calls its name and an output its role.
template <class Image>
void append_image(std::string& out, const Image& image, std::string_view label, std::string_view text) {
    out.push_back('{');
    append_text(out, label, text);
    append_text(out, "key", image.key.str());
    append_text(out, "content_type", image.content_type);
    append_number(out, "bytes", image.bytes);
    append_number(out, "width", image.width);
    append_number(out, "height", image.height);
    append_text(out, "sha256", image.sha256);
    out.back() = '}';
}

void append_image(std::string& out, const core::InputImage& image) {
    append_image(out, image, "name", image.name);
    if (image.version.empty()) return;
    out.back() = ',';
    append_text(out, "version", image.version);
    out.back() = '}';
}
void append_image(std::string& out, const core::OutputImage& image) {
    append_image(out, image, "role", image.role);
}

void append_image(std::string& out, const core::ChainOutput& output) {
    out.push_back('{');
    append_text(out, "step", output.step);
    append_text(out, "step_role", output.step_role);
    append_text(out, "role", output.role);
    out.back() = '}';
}

template <class Image>
std::string list_to_json(const std::vector<Image>& images) {
    std::string out = "[";
    for (const auto& image : images) {
        if (out.size() > 1) out.push_back(',');
        append_image(out, image);
    }
    out.push_back(']');
    return out;
}

std::string text_in(const json::object& object, std::string_view name) {
    const auto& text = object.at(json::string_view(name.data(), name.size())).as_string();
    return {text.data(), text.size()};
}

template <class Number>
Number number_in(const json::object& object, std::string_view name) {
    return object.at(json::string_view(name.data(), name.size())).to_number<Number>();
}

template <class Image>
Image image_from(const json::value& value, std::string Image::*label, std::string_view label_name) {
    const auto& object = value.as_object();
    Image image;
    image.*label = text_in(object, label_name);
    if (const auto key = text_in(object, "key"); !key.empty()) {
        const auto parsed = core::ObjectKey::parse(key);
        if (!parsed) throw SqlFailure::damaged("an object key");
        image.key = *parsed;
    }
    image.content_type = text_in(object, "content_type");
    image.bytes = number_in<std::uint64_t>(object, "bytes");
    image.width = number_in<std::uint32_t>(object, "width");
    image.height = number_in<std::uint32_t>(object, "height");
    image.sha256 = text_in(object, "sha256");
    return image;
}

// What was written before objects had versions has none.
core::InputImage input_from(const json::value& value) {
    auto image = image_from(value, &core::InputImage::name, "name");
    if (value.as_object().contains("version")) image.version = text_in(value.as_object(), "version");
    return image;
}
core::OutputImage output_from(const json::value& value) {
    return image_from(value, &core::OutputImage::role, "role");
}

core::ChainOutput chain_output_from(const json::value& value) {
    const auto& object = value.as_object();
    return {text_in(object, "step"), text_in(object, "step_role"), text_in(object, "role")};
}

// Boost.JSON throws where a member is missing or of another kind; here that is damage.
template <class Read>
auto read(std::string_view text, const Read& from) {
    try {
        const auto value = parse_json(text, json_bytes_max);
        if (!value) throw SqlFailure::damaged("a picture's JSON: " + value.error().detail);
        return from(*value);
    } catch (const SqlFailure&) {
        throw;
    } catch (const std::exception& reason) {
        throw SqlFailure::damaged(std::string("a picture's JSON: ") + reason.what());
    }
}

template <class Image>
std::vector<Image> list_from_json(std::string_view text, Image (*from)(const json::value&)) {
    if (text == "[]") return {};
    return read(text, [from](const json::value& value) {
        std::vector<Image> images;
        for (const auto& element : value.as_array()) images.push_back(from(element));
        return images;
    });
}

}  // namespace

std::string to_json(const core::InputImage& image) {
    std::string out;
    append_image(out, image);
    return out;
}

std::string to_json(const std::vector<core::InputImage>& images) { return list_to_json(images); }
std::string to_json(const std::vector<core::OutputImage>& images) { return list_to_json(images); }

std::string to_json(const std::vector<core::ChainOutput>& outputs) { return list_to_json(outputs); }

core::InputImage input_from_json(std::string_view text) { return read(text, input_from); }
std::vector<core::InputImage> inputs_from_json(std::string_view text) {
    return list_from_json(text, input_from);
}
std::vector<core::OutputImage> outputs_from_json(std::string_view text) {
    return list_from_json(text, output_from);
}
std::vector<core::ChainOutput> chain_outputs_from_json(std::string_view text) {
    return list_from_json(text, chain_output_from);
}

}  // namespace darkroom::store
