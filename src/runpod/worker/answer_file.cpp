#include "runpod/worker/answer_file.h"

#include "base/json_writer.h"
#include "runpod/protocol/base64.h"

namespace darkroom::runpod::worker {
namespace {

constexpr std::size_t encoded_bytes = 3u << 14;  // of three bytes each: no padding but at the end

std::string quoted(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

}  // namespace

AnswerFile::AnswerFile(const std::filesystem::path& path) : out_(path, std::ios::binary) {
    out_ << R"({"output":{"images":[)";
}

void AnswerFile::begin_image(std::string_view name, std::string_view type) {
    out_ << (images_++ > 0 ? "," : "") << R"({"filename":)" << quoted(name) << R"(,"type":")" << type
         << R"(","data":)";
}

void AnswerFile::add_base64(std::string_view name, const std::filesystem::path& bytes) {
    begin_image(name, "base64");
    out_ << '"';
    std::ifstream in(bytes, std::ios::binary);
    std::string piece(encoded_bytes, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0)
        out_ << to_base64({piece.data(), static_cast<std::size_t>(in.gcount())});
    failed_ = failed_ || !in.eof();
    out_ << R"("})";
}

void AnswerFile::add_url(std::string_view name, std::string_view url) {
    begin_image(name, "s3_url");
    out_ << quoted(url) << '}';
}

bool AnswerFile::finish(const std::vector<std::string>& errors) {
    out_ << ']';
    if (images_ == 0 && errors.empty()) out_ << R"(,"status":"success_no_images")";
    if (!errors.empty()) {
        out_ << R"(,"errors":[)";
        for (std::size_t i = 0; i < errors.size(); ++i) out_ << (i > 0 ? "," : "") << quoted(errors[i]);
        out_ << ']';
    }
    out_ << '}';
    out_.close();
    return !failed_ && out_.good();
}

}  // namespace darkroom::runpod::worker
