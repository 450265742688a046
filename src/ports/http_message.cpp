#include "ports/http_message.h"

#include <strings.h>

namespace darkroom::ports {

const std::string* HttpRequest::header(std::string_view name) const {
    for (const auto& [field, value] : headers) {
        if (field.size() == name.size() && ::strncasecmp(field.data(), name.data(), name.size()) == 0)
            return &value;
    }
    return nullptr;
}

const std::string* HttpRequest::query_value(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return &value;
    }
    return nullptr;
}

}  // namespace darkroom::ports
