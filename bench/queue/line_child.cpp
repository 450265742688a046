#include "bench/queue/line_child.h"

#include <boost/json/serialize.hpp>
#include <utility>

#include "base/json.h"
#include "bench/queue/failure.h"

namespace darkroom::bench {
namespace {

constexpr Milliseconds stop_patience{10'000};

}  // namespace

LineChild::LineChild(testing::ChildPlan plan) : plan_(std::move(plan)), child_(plan_, stop_patience) {}

void LineChild::give_up(const std::string& what) const {
    std::string arguments;
    for (const auto& argument : plan_.arguments) arguments += " " + argument;
    throw CannotMeasure(plan_.program.filename().string() + arguments + " " + what + "\n" +
                        testing::read_file(plan_.err_file));
}

boost::json::object LineChild::ask(const boost::json::object& command, Milliseconds patience) {
    if (!child_.try_write_line(boost::json::serialize(command))) give_up("takes no commands");
    const auto line = child_.try_read_line(patience);
    if (!line) give_up("does not answer");
    const auto answer = parse_json(*line);
    if (!answer || !answer->is_object()) give_up("does not answer in JSON");
    const auto& fields = answer->get_object();
    if (const auto* error = fields.if_contains("error"))
        give_up("failed at " + boost::json::serialize(command) + ": " + boost::json::serialize(*error));
    return fields;
}

}  // namespace darkroom::bench
