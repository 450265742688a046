// What is wrong with a message of RunPod, of a worker or of a client of our own endpoint.
#pragma once
#include <string>

namespace darkroom::runpod {

struct ProtocolError {
    std::string detail;  // for the operator: which field, and why; never a piece of the message itself
};

}  // namespace darkroom::runpod
