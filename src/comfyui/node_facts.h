// What /object_info/{class} says of one class of nodes, as far as it tells whether a graph can run: that the
// class is there, and which model files its inputs may name. Pure.
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace darkroom::comfyui {

struct NodeFacts {
    bool is_known = false;
    /// Of inputs that take a model's file name, the names that are there. Inputs that the server does not
    /// list are not in it.
    std::map<std::string, std::vector<std::string>, std::less<>> models;
};

inline constexpr std::size_t node_facts_bytes_max = 8u << 20;

/// Of both shapes in which servers tell of choices: [["a","b"],{}] and ["COMBO",{"options":["a","b"]}].
Result<NodeFacts, std::string> read_node_facts(std::string_view body, std::string_view class_type);

struct ModelUse {
    std::string input;
    std::string file;
};
/// What one node of a graph (API format) needs.
struct NodeNeed {
    std::string class_type;
    std::vector<ModelUse> models;
};
/// Of all its nodes, each class once with all that its nodes name.
std::vector<NodeNeed> needs_of(const boost::json::object& graph);

}  // namespace darkroom::comfyui
