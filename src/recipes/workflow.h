// A ComfyUI workflow in API format: node id → class_type, inputs. Tells what else was handed in instead (the
// file that ComfyUI saves looks similar and cannot be run), finds nodes by id or title, and says what stands
// at an address.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace darkroom::recipes {

struct WorkflowProblem {
    std::string code;    // workflow_not_json, workflow_not_object, workflow_format_ui, node_missing, …
    std::string detail;  // a sentence without its full stop
};

/// One input of a node, and perhaps a place inside it.
struct InputPointer {
    std::string node;
    std::string input;
    std::vector<std::string> inside;

    std::string text() const;  // RFC 6901
    bool operator==(const InputPointer&) const = default;
};

/// An input of a node that holds a literal, which a recipe may replace.
struct BindableInput {
    InputPointer pointer;
    std::string class_type;
    std::string title;  // empty if it has none
    const boost::json::value* value = nullptr;
};

inline constexpr std::size_t workflow_bytes_max = 4u << 20;
inline constexpr std::size_t workflow_nodes_max = 5'000;

class Workflow {
public:
    /// Also takes the body of a POST /prompt and what other tools wrap around a graph.
    static Result<Workflow, WorkflowProblem> parse(std::string_view text);

    const boost::json::object& nodes() const { return nodes_; }
    bool has(std::string_view node) const { return nodes_.contains(key(node)); }
    std::string class_of(std::string_view node) const;  // of a node that is there
    std::string title_of(std::string_view node) const;  // empty if it has none

    /// The id of a node that is named by its id or by "title:…".
    Result<std::string, WorkflowProblem> find_node(std::string_view name) const;
    /// "/78/inputs/image" or "title:Load/inputs/image": the node is there, what is in it may not be.
    Result<InputPointer, WorkflowProblem> resolve(std::string_view address) const;
    /// What stands there; null if nothing does.
    const boost::json::value* at(const InputPointer& pointer) const;
    /// Writes a value where at() finds one, or as a new input of its node.
    void set(const InputPointer& pointer, boost::json::value value);

    /// All literals, in the order of the file.
    std::vector<BindableInput> bindable_inputs() const;

private:
    explicit Workflow(boost::json::object nodes) : nodes_(std::move(nodes)) {}
    static boost::json::string_view key(std::string_view text) { return {text.data(), text.size()}; }
    boost::json::object nodes_;
};

/// [node id, slot]: the output of another node.
bool is_link(const boost::json::value& value);

}  // namespace darkroom::recipes
