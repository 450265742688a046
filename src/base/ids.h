// Names of things. Each kind of id is its own type, so that an attempt can never be looked up as a job.
// Ids are UUIDv4: 122 random bits, not guessable (RFC 4122 §4.4). A user id is the app's own word for a
// customer.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace darkroom {

using UuidBytes = std::array<std::uint8_t, 16>;

/// Sets the version and variant bits of 16 random bytes.
UuidBytes as_uuid_v4(UuidBytes random);
/// Lower-case 8-4-4-4-12 form.
std::string format_uuid(const UuidBytes& bytes);
/// Accepts exactly the 36-character form, either case.
std::optional<UuidBytes> parse_uuid(std::string_view text);

template <class Tag>
class Uuid {
public:
    Uuid() = default;  // the nil id, which names nothing
    explicit Uuid(const UuidBytes& bytes) : bytes_(bytes) {}
    static Uuid from_random(const UuidBytes& random) { return Uuid(as_uuid_v4(random)); }
    static std::optional<Uuid> parse(std::string_view text) {
        const auto bytes = parse_uuid(text);
        if (!bytes) return std::nullopt;
        return Uuid(*bytes);
    }

    const UuidBytes& bytes() const { return bytes_; }
    std::string str() const { return format_uuid(bytes_); }
    auto operator<=>(const Uuid&) const = default;  // NOLINT(modernize-use-nullptr): its mistake

private:
    UuidBytes bytes_{};
};

using JobId = Uuid<struct JobTag>;
using AttemptId = Uuid<struct AttemptTag>;
using UploadId = Uuid<struct UploadTag>;
using NodeId = Uuid<struct NodeTag>;

/// Whose job it is: 1 to 128 of [A-Za-z0-9_.@:-], chosen by the app that holds a service key.
class UserId {
public:
    UserId() = default;
    static std::optional<UserId> parse(std::string_view text);
    const std::string& str() const { return text_; }
    auto operator<=>(const UserId&) const = default;  // NOLINT(modernize-use-nullptr): its mistake

private:
    explicit UserId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace darkroom

template <class Tag>
struct std::hash<darkroom::Uuid<Tag>> {
    std::size_t operator()(const darkroom::Uuid<Tag>& id) const noexcept {
        std::size_t value = 0;
        for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | id.bytes()[15 - i];
        return value;
    }
};
