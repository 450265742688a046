#include "api/create_job_form.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>

#include "api/create_job.h"
#include "api/handlers.h"
#include "api/intake_problem.h"
#include "base/json.h"
#include "base/unique_fd.h"
#include "core/multipart.h"

namespace darkroom::api {
namespace {

constexpr std::uint64_t fields_bytes_max = 1u << 20;  // all fields but the file together
constexpr std::uint64_t framing_bytes_max = 64u << 10;

// The file part on its way to the object store; removed unless it got there.
class PartFile {
public:
    explicit PartFile(std::filesystem::path path)
        : path_(std::move(path)),
          file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {}
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;
    ~PartFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

    /// False if the disk does not take it; errno tells why.
    bool write(std::string_view piece) {
        digest_.update(piece);
        bytes_ += piece.size();
        while (!piece.empty()) {
            const auto written = ::write(file_.get(), piece.data(), piece.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return false;
            piece.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }
    const std::filesystem::path& path() const { return path_; }
    std::uint64_t bytes() const { return bytes_; }
    Sha256Bytes finish() { return digest_.finish(); }

private:
    std::filesystem::path path_;
    UniqueFd file_;
    Sha256 digest_;
    std::uint64_t bytes_ = 0;
};

// Text fields are kept, the picture and a mask are written down; the first thing that is wrong ends the
// reading.
class FormSink : public core::PartSink {
public:
    FormSink(ApiContext& context) : context_(context) {}

    bool begin_part(const core::PartHead& head) override {
        const auto file = file_named(head.name);
        if (fields.count(head.name) != 0 || (file != nullptr && file->part)) {
            return stop({ProblemCode::malformed_multipart,
                         "The field \"" + head.name.substr(0, 64) + "\" occurs twice."});
        }
        file_ = file;
        if (file == nullptr) {
            field_ = &fields[head.name];
            return true;
        }
        file->name = head.file_name.value_or("picture");
        std::error_code ignored;
        std::filesystem::create_directories(context_.settings.spool_dir, ignored);
        file->part.emplace(context_.settings.spool_dir / context_.random.id<UploadId>().str());
        return true;
    }

    bool part_data(std::string_view piece) override {
        if (file_ == nullptr) {
            field_bytes_ += piece.size();
            if (field_bytes_ > fields_bytes_max)
                return stop({ProblemCode::too_large, "The fields of the form are larger than 1 MiB."});
            field_->append(piece);
            return true;
        }
        if (file_->part->bytes() + piece.size() > context_.settings.upload_bytes_max) {
            return stop({ProblemCode::too_large, "The file is larger than " +
                                                     std::to_string(context_.settings.upload_bytes_max) +
                                                     " bytes."});
        }
        if (file_->part->write(piece)) return true;
        const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
        return stop({full ? ProblemCode::storage_full : ProblemCode::storage_unavailable,
                     "The file could not be stored; try again later."});
    }

    bool end_part() override { return true; }

    struct File {
        std::string_view field;
        std::string name = {};
        std::optional<PartFile> part = std::nullopt;
    };
    std::map<std::string, std::string> fields;
    std::array<File, 2> files{{{"file"}, {"mask"}}};
    std::optional<Problem> problem;

private:
    bool stop(Problem why) {
        problem = std::move(why);
        return false;
    }

    File* file_named(std::string_view field) {
        for (auto& file : files)
            if (file.field == field) return &file;
        return nullptr;
    }

    ApiContext& context_;
    File* file_ = nullptr;  // that is being read; null in a field
    std::string* field_ = nullptr;
    std::uint64_t field_bytes_ = 0;
};

Result<void, Problem> read_form(const ports::HttpRequest& http, FormSink& sink) {
    const auto boundary = core::multipart_boundary(*http.header("Content-Type"));
    if (!boundary)
        return Fail(Problem(ProblemCode::malformed_multipart, "The Content-Type names no valid boundary."));
    const UniqueFd body(::open(http.spooled->path().c_str(), O_RDONLY | O_CLOEXEC));
    const auto read = core::read_multipart(
        *boundary,
        [&](char* buffer, std::size_t size) {
            const auto got = ::read(body.get(), buffer, size);
            return got > 0 ? static_cast<std::size_t>(got) : std::size_t{0};
        },
        sink);
    if (sink.problem) return Fail(*std::move(sink.problem));
    if (!read)
        return Fail(Problem(ProblemCode::malformed_multipart, std::string(core::to_string(read.error()))));
    if (!sink.files.front().part)
        return Fail(Problem({{"/file", "validation_failed", "The form has no part named \"file\"."}}));
    return {};
}

// The fields of a form as the members of a JSON body: what is an object or a number there is JSON text here.
Result<boost::json::object, Problem> as_json(const std::map<std::string, std::string>& fields) {
    boost::json::object body;
    for (const auto& [name, text] : fields) {
        if (name == "params" || name == "metadata" || name == "priority" || name == "steps" ||
            name == "keep") {
            auto value = parse_json(text);
            if (!value) {
                return Fail(
                    Problem({{"/" + name, "malformed_json",
                              "The field \"" + name + "\" is not valid JSON: " + value.error().detail}}));
            }
            body[name] = *std::move(value);
        } else {
            body[name] = text;
        }
    }
    return body;
}

Sha256Bytes fingerprint_of(FormSink& form) {
    std::string text;
    for (auto& file : form.files)
        if (file.part) text += as_text(file.part->finish());
    for (const auto& [name, value] : form.fields)
        text.append("\x1f").append(name).append("\x1e").append(value);
    return sha256(text);
}

// Each file of the form becomes an upload, and thereby an input of the job.
Result<void, Problem> take_files(ApiContext& context, const Caller& caller, FormSink& form,
                                 std::vector<RequestedInput>& inputs) {
    auto input = inputs.begin();
    for (auto& file : form.files) {
        if (!file.part) continue;
        const auto upload = context.intake.open(caller.user, file.name, context.settings.upload_bytes_max);
        if (!upload) return Fail(problem_of(upload.error()));
        const auto received =
            context.intake.receive(caller.access(), upload->id, file.part->path(), file.part->bytes());
        if (!received) return Fail(problem_of(received.error()));
        (input++)->upload = upload->id;
    }
    return {};
}

Answer create_from_form(ApiContext& context, const Caller& caller, const ports::HttpRequest& http) {
    FormSink form(context);
    if (auto read = read_form(http, form); !read) return Fail(read.error());
    const auto body = as_json(form.fields);
    if (!body) return Fail(body.error());
    auto request = read_job_request(*body, true);
    if (!request) return Fail(request.error());
    for (const auto& file : form.files) {
        const std::string field(file.field);
        if (file.part) request->inputs.push_back({{}, {}, field == "file" ? "" : field, "/" + field});
    }
    auto checked = check_job(context, caller, http, *request);
    if (!checked) return Fail(checked.error());
    if (auto taken = take_files(context, caller, form, checked->inputs); !taken) return Fail(taken.error());
    return commit_job(context, caller, *std::move(checked), fingerprint_of(form));
}

}  // namespace

ports::HttpRoute create_job_form_route(ApiContext& context, const std::string& base) {
    auto route = make_route(ports::HttpMethod::post, base + "/jobs",
                            authenticated(context,
                                          [&context](const auto& caller, auto& request) {
                                              return create_from_form(context, caller, request);
                                          }),
                            {ports::BodyPolicy::Kind::spool,
                             2 * context.settings.upload_bytes_max + fields_bytes_max + framing_bytes_max});
    route.media_type = "multipart/form-data";
    // Nobody without a key may fill the disk.
    route.check_head = [&context](const ports::HttpRequest& head,
                                  std::uint64_t&) -> std::optional<ports::HttpResponse> {
        const auto caller = context.authenticator.authenticate(head);
        if (!caller) return to_response(caller.error(), head.id);
        return std::nullopt;
    };
    return route;
}

}  // namespace darkroom::api
