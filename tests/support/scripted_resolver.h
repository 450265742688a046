// Names that mean what a test says: nothing is looked up, and every question is counted.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/check.h"
#include "ports/resolver.h"

namespace darkroom::testing {

class ScriptedResolver : public ports::Resolver {
public:
    using Addresses = std::vector<std::string>;

    void set(const std::string& name, Addresses addresses) { set_in_turn(name, {std::move(addresses)}); }
    /// Another answer each time, from the front again after the last one: a name with a TTL of 0.
    void set_in_turn(const std::string& name, std::vector<Addresses> answers) {
        const std::lock_guard lock(mutex_);
        names_[name] = {std::move(answers), 0};
    }
    /// An alias: whatever the other name means.
    void set_alias(const std::string& name, const std::string& other) {
        const std::lock_guard lock(mutex_);
        aliases_[name] = other;
    }
    int questions() const {
        const std::lock_guard lock(mutex_);
        return questions_;
    }

    Result<std::vector<core::IpAddress>, std::string> resolve(const std::string& host) override {
        const std::lock_guard lock(mutex_);
        ++questions_;
        const auto alias = aliases_.find(host);
        const auto found = names_.find(alias == aliases_.end() ? host : alias->second);
        if (found == names_.end()) return Fail(std::string("there is no such name"));
        auto& script = found->second;
        std::vector<core::IpAddress> addresses;
        for (const auto& text : script.answers[script.asked++ % script.answers.size()]) {
            const auto address = core::IpAddress::parse(text);
            DR_CHECK(address);
            addresses.push_back(*address);
        }
        return addresses;
    }

private:
    struct Script {
        std::vector<Addresses> answers;
        std::size_t asked = 0;
    };

    mutable std::mutex mutex_;
    std::map<std::string, Script> names_;
    std::map<std::string, std::string> aliases_;
    int questions_ = 0;
};

}  // namespace darkroom::testing
