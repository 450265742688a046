#include "core/multipart.h"

#include <algorithm>

#include "core/multipart_header.h"

namespace darkroom::core {
namespace {

constexpr std::size_t piece_bytes = 65'536;
constexpr std::size_t preamble_bytes_max = 65'536;

// RFC 2046 §5.1.1: 1 to 70 characters, the last one not a space.
bool is_boundary(std::string_view text) {
    const auto allowed = [](char c) {
        const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return alphanumeric ||
               (c != '\0' && std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos);
    };
    return !text.empty() && text.size() <= 70 && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), allowed);
}

// body := [preamble CRLF] delimiter part (delimiter part)* close-delimiter [epilogue]
// A delimiter is CRLF "--" boundary; the reader pretends that the body begins with a CRLF, so that all look
// alike.
class Reader {
public:
    Reader(std::string_view boundary, const ReadBytes& read, PartSink& sink, const MultipartLimits& limits)
        : delimiter_("\r\n--" + std::string(boundary)),
          read_(read),
          sink_(sink),
          limits_(limits),
          window_("\r\n") {}

    Result<void, MultipartError> run() {
        if (auto skipped = skip_preamble(); !skipped) return skipped;
        for (int parts = 0;; ++parts) {
            const auto closing = take_delimiter_end();
            if (!closing) return Fail(closing.error());
            if (*closing) return {};
            if (parts == limits_.parts_max) return Fail(MultipartError::too_many_parts);
            if (auto part = read_part(); !part) return part;
        }
    }

private:
    bool fill() {
        const auto before = window_.size();
        window_.resize(before + piece_bytes);
        const auto got = read_(window_.data() + before, piece_bytes);
        window_.resize(before + std::min(got, piece_bytes));
        return got > 0;
    }

    // Reads on until so many bytes are there; false if the source ends before.
    bool has_at_least(std::size_t bytes) {
        while (window_.size() < bytes) {
            if (!fill()) return false;
        }
        return true;
    }

    Result<void, MultipartError> skip_preamble() {
        while (true) {
            const auto found = window_.find(delimiter_);
            if (found != std::string::npos) {
                window_.erase(0, found + delimiter_.size());
                return {};
            }
            if (window_.size() > preamble_bytes_max) return Fail(MultipartError::malformed);
            if (!fill()) return Fail(MultipartError::truncated);
        }
    }

    // After a delimiter: "--" closes; else padding of blanks, then CRLF. True if it closed.
    Result<bool, MultipartError> take_delimiter_end() {
        if (!has_at_least(2)) return Fail(MultipartError::truncated);
        if (window_.compare(0, 2, "--") == 0) return true;
        std::size_t blanks = 0;
        while (has_at_least(blanks + 2) && (window_[blanks] == ' ' || window_[blanks] == '\t')) {
            if (++blanks > limits_.head_bytes_max) return Fail(MultipartError::head_too_large);
        }
        if (window_.size() < blanks + 2) return Fail(MultipartError::truncated);
        if (window_.compare(blanks, 2, "\r\n") != 0) return Fail(MultipartError::malformed);
        window_.erase(0, blanks);  // the CRLF stays: with it, an empty head ends like all others
        return false;
    }

    Result<void, MultipartError> read_part() {
        const auto lines = take_head();
        if (!lines) return Fail(lines.error());
        const auto head = parse_part_head(*lines);
        if (!head) return Fail(head.error());
        if (!sink_.begin_part(*head)) return Fail(MultipartError::stopped);
        return pass_data_on();
    }

    // Header lines without the CRLF before and the empty line after; the window then begins with the part's
    // data.
    Result<std::string, MultipartError> take_head() {
        while (true) {
            const auto end = window_.find("\r\n\r\n");
            if (std::min(end, window_.size()) > limits_.head_bytes_max)
                return Fail(MultipartError::head_too_large);
            if (end != std::string::npos) {
                auto lines = end == 0 ? std::string() : window_.substr(2, end - 2);
                window_.erase(0, end + 4);
                // A part without data may leave its delimiter's CRLF out: the one that ends the head serves
                // for both.
                (void)has_at_least(delimiter_.size() - 2);
                if (window_.compare(0, delimiter_.size() - 2, delimiter_, 2) == 0) window_.insert(0, "\r\n");
                return lines;
            }
            if (!fill()) return Fail(MultipartError::truncated);
        }
    }

    Result<void, MultipartError> pass_data_on() {
        while (true) {
            const auto found = window_.find(delimiter_);
            // Without a delimiter in sight, its beginning may still stand at the end of the window.
            const auto uncertain = std::min(window_.size(), delimiter_.size() - 1);
            const auto certain = found != std::string::npos ? found : window_.size() - uncertain;
            const auto piece = std::string_view(window_).substr(0, certain);
            if (!piece.empty() && !sink_.part_data(piece)) return Fail(MultipartError::stopped);
            window_.erase(0, certain);
            if (found != std::string::npos) break;
            if (!fill()) return Fail(MultipartError::truncated);
        }
        window_.erase(0, delimiter_.size());
        if (!sink_.end_part()) return Fail(MultipartError::stopped);
        return {};
    }

    const std::string delimiter_;
    const ReadBytes& read_;
    PartSink& sink_;
    const MultipartLimits limits_;
    std::string window_;  // read and not yet used; bounded by one piece and one head
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
    const auto type = parse_parameterized(content_type);
    if (!type || type->value != "multipart/form-data") return std::nullopt;
    auto boundary = type->only("boundary");
    if (!boundary || !is_boundary(*boundary)) return std::nullopt;
    return boundary;
}

Result<void, MultipartError> read_multipart(std::string_view boundary, const ReadBytes& read, PartSink& sink,
                                            const MultipartLimits& limits) {
    if (!is_boundary(boundary)) return Fail(MultipartError::malformed);
    return Reader(boundary, read, sink, limits).run();
}

}  // namespace darkroom::core
