// A benchmark that cannot measure ends: main() says the reason, and all servers and children end on the way.
#pragma once
#include <stdexcept>
#include <string>

namespace darkroom::bench {

class CannotMeasure : public std::runtime_error {
public:
    explicit CannotMeasure(const std::string& why) : std::runtime_error(why) {}
};

}  // namespace darkroom::bench
