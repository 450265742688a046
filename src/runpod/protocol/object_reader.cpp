#include "runpod/protocol/object_reader.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace darkroom::runpod {

const boost::json::value* ObjectReader::find(std::string_view name) const {
    const auto* value = object_.if_contains({name.data(), name.size()});
    return value == nullptr || value->is_null() ? nullptr : value;
}

void ObjectReader::complain(std::string_view name, std::string_view what) {
    if (wrong_.empty()) wrong_ = where_ + std::string(name) + " " + std::string(what);
}

std::string ObjectReader::text(std::string_view name, std::size_t bytes_max) {
    const auto* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) {
        complain(name, "is no string");
        return {};
    }
    const auto& text = value->get_string();
    if (text.size() > bytes_max) {
        complain(name, "is longer than " + std::to_string(bytes_max) + " bytes");
        return {};
    }
    return {text.data(), text.size()};
}

std::string ObjectReader::needed_text(std::string_view name, std::size_t bytes_max) {
    auto found = text(name, bytes_max);
    if (found.empty()) complain(name, "is missing");
    return found;
}

std::uint64_t ObjectReader::count(std::string_view name, std::uint64_t max) {
    const auto* value = find(name);
    if (value == nullptr) return 0;
    boost::json::error_code error;
    const auto number = value->is_number() ? value->to_number<std::uint64_t>(error) : 0;
    if (!value->is_number() || error || number > max) {
        complain(name, "is no whole number within its bounds");
        return 0;
    }
    return number;
}

const boost::json::object* ObjectReader::object(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) complain(name, "is no object");
    return value->if_object();
}

const boost::json::array* ObjectReader::array(std::string_view name, std::size_t elements_max) {
    const auto* value = find(name);
    if (value == nullptr) return nullptr;
    const auto* array = value->if_array();
    if (array == nullptr) {
        complain(name, "is no array");
    } else if (array->size() > elements_max) {
        complain(name, "has more than " + std::to_string(elements_max) + " elements");
        return nullptr;
    }
    return array;
}

bool is_http_url(std::string_view text) {
    const auto rest = text.starts_with("https://")  ? text.substr(8)
                      : text.starts_with("http://") ? text.substr(7)
                                                    : std::string_view{};
    if (rest.empty() || rest.front() == '/' || rest.front() == '?' || rest.front() == '#') return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
    });
}

bool is_sha256_hex(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_word(std::string_view text, std::string_view others, std::size_t bytes_max) {
    return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    });
}

}  // namespace darkroom::runpod
