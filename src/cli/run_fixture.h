// For this room's tests only: `darkroom run bg_remove FILE... -o OUT` against a gateway in memory, and what
// is left in OUT.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/fakes.h"

namespace darkroom::cli::fakes {

class RunFixture : public testing::Test {
protected:
    Darkroom darkroom;
    std::string out = (darkroom.folder.path() / "out").string();

    std::string picture(const std::string& name, const std::string& bytes = "pixels") {
        return darkroom.folder.file("in/" + name, bytes);
    }
    Darkroom::Outcome run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"run", "bg_remove"});
        arguments.insert(arguments.end(), {"-o", out});
        return darkroom.run(arguments);
    }
    std::vector<std::string> results() const {
        auto names = darkroom.folder.names();
        std::erase_if(names, [](const std::string& name) { return !name.starts_with("out/"); });
        return names;
    }
    std::size_t posts(const std::string& url) const {
        return darkroom.http.seen(ports::HttpMethod::post, url).size();
    }
};

}  // namespace darkroom::cli::fakes
