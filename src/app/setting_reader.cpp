#include "app/setting_reader.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace darkroom::app {

const std::vector<SettingInfo>& all_settings() {
    static const std::vector<SettingInfo> table = {
#define DR_SETTING(name, fallback, meaning) {name, fallback, meaning},
#include "app/settings.def"
#undef DR_SETTING
    };
    return table;
}

std::string SettingReader::text(const std::string& name) const {
    if (auto value = environment_.get(name)) return *value;
    const auto& table = all_settings();
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const auto& info) { return info.name == name; });
    DR_CHECK(row != table.end());
    return std::string(row->fallback);
}

std::uint64_t SettingReader::number(const std::string& name, std::uint64_t low, std::uint64_t high) {
    const auto value = text(name);
    std::uint64_t parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error == std::errc() && end == value.data() + value.size() && parsed >= low && parsed <= high)
        return parsed;
    wrong(name, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                    ", not \"" + value + "\"");
    return low;
}

Milliseconds SettingReader::seconds(const std::string& name, std::uint64_t low, std::uint64_t high) {
    return Milliseconds(static_cast<std::int64_t>(number(name, low, high)) * 1'000);
}

std::optional<Milliseconds> SettingReader::duration(const std::string& name) {
    constexpr std::int64_t days_max = 36'500;
    const auto value = text(name);
    if (value == "off") return std::nullopt;
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    const std::string_view unit(end, static_cast<std::size_t>(value.data() + value.size() - end));
    const std::int64_t seconds = unit == "s"   ? 1
                                 : unit == "m" ? 60
                                 : unit == "h" ? 3'600
                                 : unit == "d" ? 86'400
                                               : 0;
    if (error == std::errc() && seconds != 0 && count > 0 && count <= days_max * 86'400 / seconds)
        return Milliseconds(count * seconds * 1'000);
    wrong(name, "must be a time as in 90s, 30m, 12h or 7d, or off, not \"" + value + "\"");
    return std::nullopt;
}

void SettingReader::wrong(const std::string& name, const std::string& what) {
    problems_.push_back(name + " " + what + (what.back() == '?' || what.back() == '.' ? "" : "."));
}

}  // namespace darkroom::app
