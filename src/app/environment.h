// Where settings come from: the process environment, then `.env` in the working directory. The environment
// wins.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace darkroom::app {

class Environment {
public:
    /// Reads `env_file` if it is there. Lines that are not NAME=value are reported through `problems`.
    Environment(const std::filesystem::path& env_file, std::vector<std::string>& problems);
    /// For tests: these values and nothing else.
    explicit Environment(std::map<std::string, std::string> values)
        : values_(std::move(values)), process_(false) {}

    /// Unset and empty are the same.
    std::optional<std::string> get(const std::string& name) const;
    /// From here on this value, whatever is set: flags of the command line win.
    void set(const std::string& name, std::string value) { overrides_[name] = std::move(value); }
    /// Names that are set and begin with `prefix`, wherever they are set.
    std::vector<std::string> names_with(std::string_view prefix) const;

private:
    std::map<std::string, std::string> values_;  // of the file
    std::map<std::string, std::string> overrides_;
    bool process_ = true;
};

}  // namespace darkroom::app
