// Looks settings up in the environment, falls back to their defaults, and collects what is wrong with them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/environment.h"
#include "app/settings.h"
#include "base/time.h"

namespace darkroom::app {

class SettingReader {
public:
    SettingReader(const Environment& environment, SettingProblems problems)
        : environment_(environment), problems_(std::move(problems)) {}

    /// As set, or the default of settings.def.
    std::string text(const std::string& name) const;
    std::uint64_t number(const std::string& name, std::uint64_t low, std::uint64_t high);
    Milliseconds seconds(const std::string& name, std::uint64_t low, std::uint64_t high);
    /// As in 90s, 30m, 12h or 7d; unset for "off".
    std::optional<Milliseconds> duration(const std::string& name);

    template <class T>
    T choice(const std::string& name, const std::vector<std::pair<std::string_view, T>>& choices) {
        const auto value = text(name);
        std::string words;
        for (const auto& [word, meaning] : choices) {
            if (word == value) return meaning;
            if (!word.empty()) words += (words.empty() ? "" : ", ") + std::string(word);
        }
        wrong(name, "must be one of " + words + ", not \"" + value + "\"");
        return choices.front().second;
    }

    /// `what` goes on where the name stops: "must be …".
    void wrong(const std::string& name, const std::string& what);
    void problem(std::string line) { problems_.push_back(std::move(line)); }

    const Environment& environment() const { return environment_; }
    SettingProblems take_problems() { return std::move(problems_); }

private:
    const Environment& environment_;
    SettingProblems problems_;
};

}  // namespace darkroom::app
