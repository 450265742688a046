// Small networks written by hand, byte for byte: enough of the ONNX format (a protobuf) for a few layers.
// Test support only.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace darkroom::imaging::drawn_networks {

inline std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    return bytes + static_cast<char>(value);
}

inline std::string number_field(int field, std::uint64_t value) {
    return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}

inline std::string bytes_field(int field, const std::string& bytes) {
    return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(bytes.size()) + bytes;
}

inline std::string weights(const std::string& name, const std::vector<std::int64_t>& sides,
                           const std::vector<float>& values) {
    std::string tensor;
    for (const auto side : sides) tensor += number_field(1, static_cast<std::uint64_t>(side));
    std::string raw(values.size() * sizeof(float), '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    return bytes_field(5, tensor + number_field(2, 1) + bytes_field(8, name) + bytes_field(9, raw));
}

inline std::string ints(const std::string& name, const std::vector<std::int64_t>& values) {
    std::string attribute = bytes_field(1, name);
    for (const auto value : values) attribute += number_field(8, static_cast<std::uint64_t>(value));
    return bytes_field(5, attribute + number_field(20, 7));
}
inline std::string node(const std::string& operation, const std::vector<std::string>& inputs,
                        const std::string& output, const std::string& attributes = "") {
    std::string bytes;
    for (const auto& input : inputs) bytes += bytes_field(1, input);
    return bytes_field(
        1, bytes + bytes_field(2, output) + bytes_field(3, output) + bytes_field(4, operation) + attributes);
}

inline std::string value_info(int field, const std::string& name, const std::vector<std::int64_t>& sides) {
    std::string shape;
    for (const auto side : sides) shape += bytes_field(1, number_field(1, static_cast<std::uint64_t>(side)));
    const std::string tensor = number_field(1, 1) + bytes_field(2, shape);
    return bytes_field(field, bytes_field(1, name) + bytes_field(2, bytes_field(1, tensor)));
}

/// `graph` is nodes and weights; inputs and output are 1 x C x H x W.
inline std::string model(const std::string& graph, const std::vector<std::int64_t>& input,
                         const std::vector<std::int64_t>& output) {
    const std::string whole =
        graph + bytes_field(2, "drawn") + value_info(11, "in", input) + value_info(12, "out", output);
    return number_field(1, 7) + bytes_field(8, bytes_field(1, "") + number_field(2, 11)) +
           bytes_field(7, whole);
}

inline std::string pointwise(const std::string& from, const std::string& to, std::int64_t outputs,
                             std::int64_t inputs, const std::vector<float>& matrix,
                             const std::vector<float>& bias) {
    return node("Conv", {from, to + "_w", to + "_b"}, to, ints("kernel_shape", {1, 1})) +
           weights(to + "_w", {outputs, inputs, 1, 1}, matrix) + weights(to + "_b", {outputs}, bias);
}

/// Sees red things: 1 where red is far above green, 0 elsewhere. Input and output `side` x `side`.
inline std::string red_finder(std::int64_t side) {
    const auto graph = pointwise("in", "red", 1, 3, {40, -40, 0}, {-10}) + node("Sigmoid", {"red"}, "out");
    return model(graph, {1, 3, side, side}, {1, 1, side, side});
}

/// Finds nothing, ever.
inline std::string blind(std::int64_t side) {
    const auto graph = pointwise("in", "dark", 1, 3, {0, 0, 0}, {-9}) + node("Sigmoid", {"dark"}, "out");
    return model(graph, {1, 3, side, side}, {1, 1, side, side});
}

/// Answers with roots of negative numbers.
inline std::string nonsense(std::int64_t side) {
    const auto graph = pointwise("in", "minus", 1, 3, {0, 0, 0}, {-1}) + node("Sqrt", {"minus"}, "out");
    return model(graph, {1, 3, side, side}, {1, 1, side, side});
}

/// Four times as large, each pixel repeated, `brighter` added to all. Takes pictures of any size.
inline std::string repeater(std::int64_t side, float brighter = 0) {
    std::vector<float> matrix(std::size_t{3} * 3 * 16, 0);
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t i = 0; i < 16; ++i) matrix[(c * 3 + c) * 16 + i] = 1;
    }
    const auto graph = node("ConvTranspose", {"in", "up_w", "up_b"}, "out",
                            ints("kernel_shape", {4, 4}) + ints("strides", {4, 4})) +
                       weights("up_w", {3, 3, 4, 4}, matrix) +
                       weights("up_b", {3}, {brighter, brighter, brighter});
    return model(graph, {1, 3, side, side}, {1, 3, 4 * side, 4 * side});
}

/// Fills everything with one green, whatever there was; takes RGB and the hole as four channels.
inline std::string green_filler(std::int64_t side) {
    const auto graph = pointwise("in", "out", 3, 4, std::vector<float>(12, 0), {0.1F, 0.8F, 0.1F});
    return model(graph, {1, 4, side, side}, {1, 3, side, side});
}

}  // namespace darkroom::imaging::drawn_networks
