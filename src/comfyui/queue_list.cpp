#include "comfyui/queue_list.h"

#include <boost/json/basic_parser_impl.hpp>

#include "comfyui/python_json.h"

namespace darkroom::comfyui {
namespace {

namespace json = boost::json;

// {"queue_running":[[number, id, graph, extra, outputs] …], "queue_pending":[…]}
//  depth 1          2 3
class QueueHandler {
public:
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    QueueList list;
    bool has_running = false;
    bool has_pending = false;
    bool is_object = false;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        if (depth_ == 0) is_object = true;
        open();
        return true;
    }
    bool on_object_end(std::size_t, json::error_code&) { return close(); }
    bool on_array_begin(json::error_code&) {
        if (depth_ == 1) {
            into_ = key_ == "queue_running"   ? &list.running
                    : key_ == "queue_pending" ? &list.pending
                                              : nullptr;
            has_running |= key_ == "queue_running";
            has_pending |= key_ == "queue_pending";
        }
        open();
        if (depth_ == 3) {
            position_ = 0;
            place_ = {};
        }
        return true;
    }
    bool on_array_end(std::size_t, json::error_code&) {
        if (depth_ == 3 && into_ != nullptr && !place_.id.empty()) into_->push_back(std::move(place_));
        return close();
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (depth_ == 1) key_part_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        if (depth_ != 1) return true;
        key_part_.append(part.data(), part.size());
        key_ = std::move(key_part_);
        key_part_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        if (is_id()) place_.id.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        if (is_id()) place_.id.append(part.data(), part.size());
        return scalar();
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
        return take_number(static_cast<double>(number));
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
        return take_number(static_cast<double>(number));
    }
    bool on_double(double number, json::string_view, json::error_code&) { return take_number(number); }
    bool on_bool(bool, json::error_code&) { return scalar(); }
    bool on_null(json::error_code&) { return scalar(); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    bool is_id() const { return depth_ == 3 && position_ == 1; }
    void open() { ++depth_; }
    bool close() {
        --depth_;
        return scalar();
    }
    bool scalar() {
        if (depth_ == 3) ++position_;
        return true;
    }
    bool take_number(double number) {
        if (depth_ == 3 && position_ == 0) place_.number = number;
        return scalar();
    }

    int depth_ = 0;
    std::size_t position_ = 0;  // in a place
    std::string key_part_;
    std::string key_;
    QueuePlace place_;
    std::vector<QueuePlace>* into_ = nullptr;
};

}  // namespace

bool QueueList::runs(const PromptId& id) const {
    const auto name = id.str();
    for (const auto& place : running) {
        if (place.id == name) return true;
    }
    return false;
}

std::optional<std::size_t> QueueList::before(const PromptId& id) const {
    const auto name = id.str();
    const QueuePlace* own = nullptr;
    for (const auto& place : pending) {
        if (place.id == name) own = &place;
    }
    if (own == nullptr) return std::nullopt;
    auto count = running.size();
    for (const auto& place : pending) {
        if (place.number < own->number) ++count;
    }
    return count;
}

Result<QueueList, std::string> read_queue(std::string_view body) {
    if (body.size() > queue_bytes_max) return Fail(std::string("/queue: the answer is too large"));
    const auto text = without_python_numbers(body);
    json::parse_options options;
    options.max_depth = json_depth_max;
    json::basic_parser<QueueHandler> parser(options);
    json::error_code error;
    const auto read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read < text.size()) error = json::error::extra_data;
    if (error) return Fail("/queue: " + error.message());
    auto& handler = parser.handler();
    // A list that is not told is not an empty one: a prompt would be taken for lost.
    if (!handler.is_object || !handler.has_running || !handler.has_pending)
        return Fail(std::string("/queue: queue_running or queue_pending is missing"));
    return std::move(handler.list);
}

}  // namespace darkroom::comfyui
