#include "cli/server_finder.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <boost/json/value.hpp>

#include "base/json.h"
#include "base/unique_fd.h"
#include "cli/job_view.h"
#include "cli/server_url.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr std::size_t small_file_max = 4'096;
constexpr Milliseconds probe_timeout{2'000};

enum class SmallFileError { missing, unreadable };

/// The beginning of a file that should be small; blanks around it are cut off.
Result<std::string, SmallFileError> read_small_file(const std::filesystem::path& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file)
        return Fail(errno == ENOENT || errno == ENOTDIR ? SmallFileError::missing
                                                        : SmallFileError::unreadable);
    std::array<char, small_file_max> buffer{};
    const auto length = ::read(file.get(), buffer.data(), buffer.size());
    if (length < 0) return Fail(SmallFileError::unreadable);
    std::string text(buffer.data(), static_cast<std::size_t>(length));
    constexpr const char* blanks = " \t\r\n";
    text.erase(text.find_last_not_of(blanks) + 1);
    text.erase(0, text.find_first_not_of(blanks));
    return text;
}

/// What can stand in a header without starting another one.
bool is_key(const std::string& text) {
    if (text.empty() || text.size() > 512) return false;
    for (const char c : text) {
        if (c <= ' ' || c > '~') return false;
    }
    return true;
}

Result<std::optional<std::string>, FindProblem> key_of_folder(const std::filesystem::path& data_dir) {
    const auto path = data_dir / "admin.key";
    const auto text = read_small_file(path);
    if (!text && text.error() == SmallFileError::missing) return std::optional<std::string>();
    if (!text) {
        return Fail(
            FindProblem{printable(path.string()) + " cannot be read by you; set DARKROOM_API_KEY instead",
                        ExitCode::not_authorised});
    }
    if (!is_key(*text)) {
        return Fail(
            FindProblem{printable(path.string()) + " does not hold an API key", ExitCode::bad_configuration});
    }
    return std::optional<std::string>(*text);
}

std::optional<std::string> url_in_gateway_file(const std::filesystem::path& data_dir) {
    const auto text = read_small_file(data_dir / "gateway.json");
    if (!text) return std::nullopt;
    const auto document = parse_json(*text);
    if (!document || !document->is_object()) return std::nullopt;
    return normal_server_url(text_member(document->get_object(), "url"));
}

bool answers(ports::HttpClient& http, const std::string& url) {
    ports::OutgoingRequest request;
    request.url = url + "/healthz";
    request.connect_timeout = probe_timeout;
    request.total_timeout = probe_timeout;
    const auto answer = http.fetch(request);
    return answer && answer->status >= 200 && answer->status < 300;
}

}  // namespace

Result<std::optional<Server>, FindProblem> find_server(ports::HttpClient& http, const FindRequest& request) {
    if (request.api_key && !is_key(*request.api_key)) {
        return Fail(
            FindProblem{"DARKROOM_API_KEY does not look like an API key", ExitCode::bad_configuration});
    }
    Server server{{}, request.api_key};
    bool is_ours = false;
    if (request.url) {
        const auto url = normal_server_url(*request.url);
        if (!url) {
            return Fail(FindProblem{
                "\"" + printable(*request.url) + "\" is not a server address; it looks like http://host:8080",
                ExitCode::usage});
        }
        server.url = *url;
        is_ours = is_loopback(*url);
    } else {
        const auto url = url_in_gateway_file(request.data_dir);
        if (!url || !answers(http, *url)) return std::optional<Server>();
        server.url = *url;
        is_ours = true;
    }
    if (!server.api_key && is_ours) {
        auto key = key_of_folder(request.data_dir);
        if (!key) return Fail(std::move(key).error());
        server.api_key = std::move(*key);
    }
    return std::optional<Server>(std::move(server));
}

}  // namespace darkroom::cli
