#include "objects/s3/s3_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "objects/s3/s3_headers.h"

namespace darkroom::objects {
namespace {

using ports::ObjectError;
using ports::ObjectErrorKind;

// A connection that is cut again and again may be gone on with for as long as it brings so much each time.
constexpr std::uint64_t progress_bytes = std::uint64_t{256} * 1024;
constexpr std::size_t skip_buffer_bytes = std::size_t{64} * 1024;

S3Fault broken(const ports::FetchedAnswer& head, std::string message) {
    S3Fault fault;
    fault.action = S3Action::again;
    fault.status = head.status;
    fault.message = std::move(message);
    return fault;
}

S3Fault changed() {
    S3Fault fault;
    fault.action = S3Action::changed;
    return fault;
}

std::string range_of(std::uint64_t from, std::optional<std::uint64_t> to) {
    return "bytes=" + std::to_string(from) + "-" + (to ? std::to_string(*to - 1) : "");
}

// For a server that knows no ranges.
Result<void, S3Fault> skip(ports::OpenAnswer& stream, std::uint64_t bytes) {
    std::vector<char> buffer(skip_buffer_bytes);
    while (bytes > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer.size()));
        const auto got = stream.read({buffer.data(), wanted});
        if (!got) return Fail(fault_of(got.error()));
        if (*got == 0) return Fail(broken(stream.head(), "the answer ended early"));
        bytes -= *got;
    }
    return {};
}

}  // namespace

struct S3Reader::Opened {
    std::unique_ptr<ports::OpenAnswer> stream;
    std::uint64_t whole = 0;
    std::string version;
};

Result<S3Reader::Opened, S3Fault> S3Reader::request(std::uint64_t from, std::optional<std::uint64_t> to) {
    S3Request request;
    request.key = key_;
    if (from > 0 || to) request.headers.emplace_back("range", range_of(from, to));
    if (!version_.empty()) request.headers.emplace_back("if-match", version_);
    auto answer = client_.open(request);
    if (!answer) return Fail(std::move(answer).error());
    const auto& head = answer->head;
    Opened opened{std::move(answer->stream), 0, {}};
    if (const auto* etag = find_header(head.headers, "etag")) opened.version = *etag;
    if (!version_.empty() && !opened.version.empty() && opened.version != version_) return Fail(changed());
    if (head.status == 206) {
        const auto range = content_range(head.headers);
        if (!range || range->first != from)
            return Fail(broken(head, "the answer is another part than asked"));
        opened.whole = range->whole;
        return opened;
    }
    const auto length = content_length(head.headers);
    if (!length) return Fail(broken(head, "the answer does not tell its length"));
    opened.whole = *length;
    // The whole, though a part was asked for.
    if (auto skipped = skip(*opened.stream, std::min(from, opened.whole)); !skipped) {
        return Fail(std::move(skipped).error());
    }
    return opened;
}

Result<std::unique_ptr<S3Reader>, S3Fault> S3Reader::open(S3Client& client, const std::string& key,
                                                          const ports::OpenOptions& options) {
    std::unique_ptr<S3Reader> reader(new S3Reader(client, key));
    reader->version_ = options.version;
    reader->at_ = options.offset;
    std::optional<std::uint64_t> to;
    // A length that reaches beyond all numbers is none.
    if (options.length && *options.length <= ~options.offset) to = options.offset + *options.length;
    auto opened = reader->request(options.offset, to);
    if (!opened) return Fail(std::move(opened).error());
    reader->whole_ = opened->whole;
    reader->version_ = std::move(opened->version);
    reader->end_ = std::max(reader->at_, std::min(to.value_or(opened->whole), opened->whole));
    reader->stream_ = std::move(opened->stream);
    return reader;
}

std::unique_ptr<S3Reader> S3Reader::at_end(S3Client& client, const std::string& key, std::uint64_t whole) {
    std::unique_ptr<S3Reader> reader(new S3Reader(client, key));
    reader->whole_ = reader->at_ = reader->end_ = whole;
    return reader;
}

ports::ObjectResult<std::size_t> S3Reader::read(std::span<char> buffer) {
    while (at_ < end_ && !buffer.empty()) {
        if (!stream_) {
            if (auto resumed = resume(); !resumed) return Fail(std::move(resumed).error());
        }
        const auto wanted = std::min<std::uint64_t>(buffer.size(), end_ - at_);
        const auto got = stream_->read(buffer.first(static_cast<std::size_t>(wanted)));
        if (got && *got > 0) {
            at_ += *got;
            if (at_ - resumed_at_ >= progress_bytes) resumed_ = 0;
            return *got;
        }
        stream_.reset();  // cut, or ended too early; both are taken up again
        if (++resumed_ > client_.settings().tries_max) {
            return Fail(too_short(got ? "the answers end early" : got.error().detail));
        }
    }
    return std::size_t{0};
}

ports::ObjectResult<void> S3Reader::resume() {
    // The first time at once: most cuts are the whim of one connection.
    const auto deadline = client_.deadline_for(0);
    if (resumed_ > 1 && !client_.pause(resumed_, deadline)) return Fail(too_short("no time left"));
    resumed_at_ = at_;
    auto opened = request(at_, end_);
    if (!opened) return Fail(failed(opened.error()));
    if (opened->whole != whole_) return Fail(failed(changed()));
    if (version_.empty()) version_ = std::move(opened->version);
    stream_ = std::move(opened->stream);
    return {};
}

ObjectError S3Reader::failed(const S3Fault& fault) const {
    return error_of(fault, "read " + key_, client_.settings());
}

ObjectError S3Reader::too_short(const std::string& why) const {
    return {ObjectErrorKind::unavailable, "cannot read " + key_ + ": " + std::to_string(at_) + " of " +
                                              std::to_string(whole_) + " bytes came (" + why + ")"};
}

}  // namespace darkroom::objects
