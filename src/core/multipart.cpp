#include "core/multipart.h"

#include <algorithm>

namespace darkroom::core {
namespace {

constexpr std::size_t piece_bytes = 64 * 1'024;
constexpr std::size_t boundary_bytes_max = 70;  // RFC 2046 §5.1.1

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Value of `; name=value` or `; name="value"`. Browsers write \" (or %22) for a quote inside (RFC 7578 §4.2).
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
    auto at = header.find(';');
    while (at != std::string_view::npos) {
        ++at;
        const auto equals = header.find('=', at);
        if (equals == std::string_view::npos) return std::nullopt;
        const auto found = trimmed(header.substr(at, equals - at));
        std::string value;
        at = equals + 1;
        if (at < header.size() && header[at] == '"') {
            for (++at; at < header.size() && header[at] != '"'; ++at) {
                if (header[at] == '\\' && at + 1 < header.size() &&
                    (header[at + 1] == '"' || header[at + 1] == '\\'))
                    ++at;
                value.push_back(header[at]);
            }
            if (at == header.size()) return std::nullopt;
        } else {
            const auto end = std::min(header.find(';', at), header.size());
            value = std::string(trimmed(header.substr(at, end - at)));
        }
        if (same_word(found, name)) return value;
        at = header.find(';', at);
    }
    return std::nullopt;
}

std::optional<PartHead> parse_head(std::string_view lines) {
    PartHead head;
    bool named = false;
    while (!lines.empty()) {
        const auto end = std::min(lines.find("\r\n"), lines.size());
        const auto line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 2, lines.size()));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0) return std::nullopt;
        const auto value = trimmed(line.substr(colon + 1));
        if (same_word(line.substr(0, colon), "Content-Type")) head.content_type = std::string(value);
        if (!same_word(line.substr(0, colon), "Content-Disposition")) continue;
        if (!same_word(trimmed(value.substr(0, value.find(';'))), "form-data")) return std::nullopt;
        const auto name = parameter(value, "name");
        if (!name || named) return std::nullopt;
        named = true;
        head.name = *name;
        head.file_name = parameter(value, "filename");
    }
    if (!named) return std::nullopt;
    return head;
}

// The bytes that have been read and not yet understood. A line break is put before the first of them, so that
// the first boundary looks like every other.
class Window {
public:
    explicit Window(const ReadBytes& read) : read_(read), bytes_("\r\n") {}

    std::string_view bytes() const { return std::string_view(bytes_).substr(start_); }
    void drop(std::size_t count) { start_ += count; }
    /// False at the end of the input.
    bool more() {
        bytes_.erase(0, start_);
        start_ = 0;
        const auto had = bytes_.size();
        bytes_.resize(had + piece_bytes);
        const auto got = read_(bytes_.data() + had, piece_bytes);
        bytes_.resize(had + got);
        return got > 0;
    }

private:
    const ReadBytes& read_;
    std::string bytes_;
    std::size_t start_ = 0;
};

class Reader {
public:
    Reader(std::string_view boundary, const ReadBytes& read, PartSink& sink, const MultipartLimits& limits)
        : delimiter_("\r\n--" + std::string(boundary)), window_(read), sink_(sink), limits_(limits) {}

    Result<void, MultipartError> run() {
        // What comes before the first boundary is a preamble and means nothing.
        if (auto skipped = pass_to_delimiter([](std::string_view) { return true; }); !skipped) return skipped;
        for (int part = 0;; ++part) {
            const auto last = is_last();
            if (!last) return Fail(last.error());
            if (*last) return {};
            if (part == limits_.parts_max) return Fail(MultipartError::too_many_parts);
            if (auto read = read_part(); !read) return read;
        }
    }

private:
    // After a boundary: "--" ends the body, a line break begins a part; blanks may stand between (RFC 2046
    // transport padding).
    Result<bool, MultipartError> is_last() {
        for (;;) {
            const auto bytes = window_.bytes();
            const auto at = std::min(bytes.find_first_not_of(" \t"), bytes.size());
            if (bytes.size() >= at + 2) {
                const auto mark = bytes.substr(at, 2);
                if (mark != "\r\n" && (mark != "--" || at != 0)) return Fail(MultipartError::malformed);
                window_.drop(at + 2);
                return mark == "--";
            }
            if (at > limits_.head_bytes_max) return Fail(MultipartError::malformed);
            if (!window_.more()) return Fail(MultipartError::truncated);
        }
    }

    Result<void, MultipartError> read_part() {
        auto end = std::string_view::npos;
        while ((end = window_.bytes().find("\r\n\r\n")) == std::string_view::npos) {
            if (window_.bytes().size() > limits_.head_bytes_max) return Fail(MultipartError::head_too_large);
            if (!window_.more()) return Fail(MultipartError::truncated);
        }
        if (end > limits_.head_bytes_max) return Fail(MultipartError::head_too_large);
        const auto head = parse_head(window_.bytes().substr(0, end));
        if (!head) return Fail(MultipartError::malformed);
        // The line break before the data stays: an empty part's boundary begins with it.
        window_.drop(end + 2);
        if (!sink_.begin_part(*head)) return Fail(MultipartError::stopped);
        bool first = true;
        auto passed = pass_to_delimiter([&](std::string_view piece) {
            if (first && piece.size() >= 2) piece.remove_prefix(2);
            first = false;
            return piece.empty() || sink_.part_data(piece);
        });
        if (!passed) return passed;
        if (!sink_.end_part()) return Fail(MultipartError::stopped);
        return {};
    }

    // Hands on everything up to the next boundary and drops the boundary too.
    template <class Take>
    Result<void, MultipartError> pass_to_delimiter(Take take) {
        for (;;) {
            const auto bytes = window_.bytes();
            const auto at = bytes.find(delimiter_);
            // Without a boundary in sight, all but what could be its beginning is data.
            const bool found = at != std::string_view::npos;
            const auto keep = delimiter_.size() - 1;
            const auto sure = found ? at : bytes.size() > keep ? bytes.size() - keep : 0;
            if (sure >= 2 || (found && sure > 0)) {
                if (!take(bytes.substr(0, sure))) return Fail(MultipartError::stopped);
                window_.drop(sure);
            }
            if (found) {
                window_.drop(delimiter_.size());
                return {};
            }
            if (!window_.more()) return Fail(MultipartError::truncated);
        }
    }

    std::string delimiter_;
    Window window_;
    PartSink& sink_;
    MultipartLimits limits_;
};

}  // namespace

std::string_view to_string(MultipartError error) {
    switch (error) {
        case MultipartError::malformed:
            return "The form is not valid multipart/form-data.";
        case MultipartError::truncated:
            return "The form ends before its closing boundary.";
        case MultipartError::too_many_parts:
            return "The form has too many parts.";
        case MultipartError::head_too_large:
            return "The header of a part is too large.";
        case MultipartError::stopped:
            break;
    }
    return "The form was not read to its end.";
}

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    if (!same_word(trimmed(content_type.substr(0, content_type.find(';'))), "multipart/form-data"))
        return std::nullopt;
    auto boundary = parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > boundary_bytes_max || boundary->back() == ' ')
        return std::nullopt;
    const bool allowed = std::all_of(boundary->begin(), boundary->end(), [](char c) {
        const bool letter = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
        return letter || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
    });
    if (!allowed) return std::nullopt;
    return boundary;
}

Result<void, MultipartError> read_multipart(std::string_view boundary, const ReadBytes& read, PartSink& sink,
                                            const MultipartLimits& limits) {
    return Reader(boundary, read, sink, limits).run();
}

}  // namespace darkroom::core
