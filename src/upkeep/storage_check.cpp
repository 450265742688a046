#include "upkeep/storage_check.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace darkroom::upkeep {
namespace {

using Level = Finding::Level;

constexpr Milliseconds link_life{300'000};
constexpr std::string_view content_type = "text/plain";
constexpr std::size_t read_bytes_max = 65'536;  // far more than was written
constexpr int pages_max = 100;

class TextSource : public ports::ByteSource {
public:
    explicit TextSource(std::string_view text) : text_(text) {}
    ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
        const auto count = std::min(buffer.size(), text_.size());
        std::memcpy(buffer.data(), text_.data(), count);
        text_.remove_prefix(count);
        return count;
    }

private:
    std::string_view text_;
};

ports::ObjectResult<std::string> read_all(ports::ObjectStore& objects, const core::ObjectKey& key) {
    const auto reader = objects.open(key);
    if (!reader) return Fail(reader.error());
    std::string text;
    std::string buffer(1'024, '\0');
    for (;;) {
        const auto got = (*reader)->read(buffer);
        if (!got) return Fail(got.error());
        if (*got == 0) return text;
        text.append(buffer, 0, *got);
        if (text.size() > read_bytes_max) return text;  // whatever it is, it is not what was put
    }
}

// One run of the check; every step adds its finding and says whether the next one makes sense.
class Check {
public:
    Check(ports::ObjectStore& objects, ports::HttpClient& http, const ports::Clock& clock,
          ports::Random& random)
        : objects_(objects),
          http_(http),
          clock_(clock),
          key_(core::ObjectKey::probe(random.id<UploadId>())),
          text_("written by a check of Darkroom, may be removed: " + key_.str() + "\n") {}

    std::vector<Finding> run() {
        if (put()) {
            (void)(get() && list() && follow_links());
            remove();
        }
        return std::move(findings_);
    }

private:
    bool put() {
        const auto begun = clock_.monotonic();
        TextSource source(text_);
        const auto stored = objects_.put(key_, source);
        if (!stored) return failed("put", stored.error().detail);
        return fine("put", std::to_string(stored->bytes) + " bytes in " + since(begun));
    }

    bool get() {
        const auto begun = clock_.monotonic();
        const auto text = read_all(objects_, key_);
        if (!text) return failed("get", text.error().detail);
        if (*text != text_) return failed("get", "other bytes came back than were put");
        return fine("get", "the same bytes came back in " + since(begun));
    }

    bool list() {
        std::string page;
        for (int pages = 0; pages < pages_max; ++pages) {
            const auto found = objects_.list("probe/", page, 1'000);
            if (!found) return failed("list", found.error().detail);
            const bool seen = std::any_of(found->objects.begin(), found->objects.end(),
                                          [&](const auto& object) { return object.key == key_.str(); });
            if (seen) return fine("list", "the object is listed");
            page = found->next;
            if (page.empty()) break;
        }
        return failed("list", "an object that was just put is not listed");
    }

    bool follow_links() {
        if (!objects_.capabilities().presigns) {
            return warned("presign",
                          "this store signs no links: uploads and downloads are relayed through Darkroom");
        }
        return follow_get() && follow_put() && without_link();
    }

    bool follow_get() {
        const auto link = objects_.presign_get(
            key_, {.content_type = std::string(content_type), .file_name = "check.txt", .life = link_life});
        const auto answer = send(ports::HttpMethod::get, link, "");
        if (!answer) return failed("presigned get", answer.error());
        if (answer->status != 200) return failed("presigned get", refusal(*answer));
        if (answer->body != text_) return failed("presigned get", "the link gives other bytes than were put");
        return fine("presigned get", "a signed link gives the object to anybody who holds it");
    }

    bool follow_put() {
        const std::string text = "put through a signed link\n";
        const auto link = objects_.presign_put(
            key_, {.content_type = std::string(content_type), .bytes = text.size(), .life = link_life});
        const auto answer = send(ports::HttpMethod::put, link, text);
        if (!answer) return failed("presigned put", answer.error());
        if (answer->status < 200 || answer->status > 299) return failed("presigned put", refusal(*answer));
        const auto stored = read_all(objects_, key_);
        if (!stored) return failed("presigned put", stored.error().detail);
        if (*stored != text)
            return failed("presigned put", "the link was accepted, but the object is another");
        return fine("presigned put", "a signed link takes an upload");
    }

    // A bucket that anybody can read makes every signed link pointless.
    bool without_link() {
        auto link = objects_.presign_get(
            key_, {.content_type = std::string(content_type), .file_name = "check.txt", .life = link_life});
        link.url = link.url.substr(0, link.url.find('?'));
        const auto answer = send(ports::HttpMethod::get, link, "");
        if (!answer) return warned("privacy", "it could not be tried without a link: " + answer.error());
        if (answer->status >= 200 && answer->status <= 299) {
            return warned("privacy",
                          "anybody can read the objects without a signed link: make the bucket private");
        }
        if (answer->status < 400 || answer->status > 499)
            return warned("privacy", "without a signed link " + refusal(*answer));
        return fine("privacy", "without a signed link nobody can read");
    }

    void remove() {
        if (const auto removed = objects_.remove(key_); !removed) {
            failed("delete", removed.error().detail);
            return;
        }
        const auto head = objects_.head(key_);
        if (head) {
            failed("delete", "the object is still there after it was removed");
        } else if (head.error().kind != ports::ObjectErrorKind::missing) {
            failed("delete", head.error().detail);
        } else {
            fine("delete", "the object is gone");
        }
    }

    Result<ports::FetchedAnswer, std::string> send(ports::HttpMethod method,
                                                   const ports::PresignedRequest& link,
                                                   const std::string& body) {
        ports::OutgoingRequest request;
        request.method = method;
        request.url = link.url;
        request.headers = link.headers;
        request.body = body;
        request.total_timeout = Milliseconds(20'000);
        auto answer = http_.fetch(request);
        if (!answer) return Fail("the link cannot be reached: " + answer.error().detail);
        return *std::move(answer);
    }

    static std::string refusal(const ports::FetchedAnswer& answer) {
        const auto code = answer.body.find("<Code>");
        const auto end = answer.body.find("</Code>");
        const bool named = code != std::string::npos && end != std::string::npos && code < end;
        return "the store answered with " + std::to_string(answer.status) +
               (named ? " " + answer.body.substr(code + 6, std::min<std::size_t>(end - code - 6, 64)) : "");
    }

    std::string since(Instant begun) const {
        const auto took = std::chrono::duration_cast<Milliseconds>(clock_.monotonic() - begun);
        return std::to_string(took.count()) + " ms";
    }
    bool fine(std::string about, std::string detail) {
        findings_.push_back({Level::ok, std::move(about), std::move(detail)});
        return true;
    }
    bool warned(std::string about, std::string detail) {
        findings_.push_back({Level::warning, std::move(about), std::move(detail)});
        return true;
    }
    bool failed(std::string about, std::string detail) {
        findings_.push_back({Level::failed, std::move(about), std::move(detail)});
        return false;
    }

    ports::ObjectStore& objects_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    const core::ObjectKey key_;
    const std::string text_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_storage(ports::ObjectStore& objects, ports::HttpClient& http,
                                   const ports::Clock& clock, ports::Random& random) {
    return Check(objects, http, clock, random).run();
}

}  // namespace darkroom::upkeep
