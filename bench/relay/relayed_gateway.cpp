#include "bench/relay/relayed_gateway.h"

#include <boost/json/value.hpp>
#include <chrono>
#include <fstream>

#include "base/json.h"
#include "core/transfer_token.h"

namespace darkroom::bench {
namespace {

constexpr std::string_view admin_key = "bench-key-of-the-gateway";
constexpr std::chrono::seconds start_limit{60};
constexpr Milliseconds link_life{3'600'000};

std::map<std::string, std::string> environment(const std::filesystem::path& data_dir,
                                               const Upstream& upstream, std::uint64_t upload_bytes_max) {
    return {{"DARKROOM_LISTEN", "127.0.0.1:0"},
            {"DARKROOM_DATA_DIR", data_dir.string()},
            {"DARKROOM_API_KEY", std::string(admin_key)},
            {"DARKROOM_LOG_LEVEL", "warning"},
            {"DARKROOM_MAX_UPLOAD_BYTES", std::to_string(upload_bytes_max)},
            {"DARKROOM_STORAGE", "runpod-volume"},
            {"RUNPOD_NETWORK_VOLUME_ID", upstream.bucket()},
            {"RUNPOD_S3_ENDPOINT", upstream.server().endpoint()},
            {"RUNPOD_S3_REGION", upstream.server().region()},
            {"RUNPOD_S3_ACCESS_KEY", upstream.server().owner().access_key},
            {"RUNPOD_S3_SECRET_KEY", upstream.server().owner().secret_key}};
}

std::string text_at(const boost::json::value& value, std::string_view name) {
    const auto* object = value.if_object();
    const auto* text = object == nullptr ? nullptr : object->if_contains(name);
    return text != nullptr && text->is_string() ? std::string(text->as_string()) : std::string();
}

}  // namespace

// The address is in gateway.json, which is written when it listens.
Result<std::unique_ptr<RelayedGateway>, std::string> RelayedGateway::start(
    const std::filesystem::path& program, const std::filesystem::path& folder, const Upstream& upstream,
    std::uint64_t upload_bytes_max) {
    const auto data_dir = folder / "data";
    std::filesystem::create_directories(data_dir);
    std::filesystem::permissions(data_dir, std::filesystem::perms::owner_all);
    testing::ChildPlan plan;
    plan.program = program;
    plan.arguments = {"serve"};
    plan.environment = environment(data_dir, upstream, upload_bytes_max);
    plan.working_dir = folder;  // not that of whoever measures: there may be a .env
    plan.out_file = folder / "serve.log";
    plan.err_file = folder / "serve.log";
    std::unique_ptr<RelayedGateway> gateway(new RelayedGateway);
    gateway->process_ = std::make_unique<testing::ChildProcess>(plan);
    for (const auto deadline = std::chrono::steady_clock::now() + start_limit;
         std::chrono::steady_clock::now() < deadline;) {
        const auto note = parse_json(testing::read_file(data_dir / "gateway.json"));
        if (note) gateway->url_ = text_at(*note, "url");
        if (!gateway->url_.empty()) {
            gateway->secret_ = testing::read_file(data_dir / "signing.key");
            while (gateway->secret_.ends_with('\n')) gateway->secret_.pop_back();
            return gateway;
        }
        if (gateway->process_->wait(Milliseconds(20))) break;
    }
    return Fail("darkroom serve does not start:\n" + testing::read_file(folder / "serve.log"));
}

Result<RelayedUpload, std::string> RelayedGateway::open_upload(ports::HttpClient& http) const {
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::post;
    request.url = url_ + "/api/v1/uploads";
    request.headers = {{"Authorization", "Bearer " + std::string(admin_key)},
                       {"Content-Type", "application/json"}};
    request.body = R"({"filename":"large.png","content_type":"image/png"})";
    const auto answer = http.fetch(request);
    if (!answer) return Fail("the gateway does not answer: " + answer.error().detail);
    const auto document = parse_json(answer->body);
    if (answer->status != 201 || !document || text_at(*document, "mode") != "relay")
        return Fail("the gateway relays no upload: " + answer->body);
    const auto id = UploadId::parse(text_at(*document, "id"));
    if (!id) return Fail("the upload has no id: " + answer->body);
    return RelayedUpload{text_at(*document, "url"), core::ObjectKey::uploaded(*id, "png")};
}

std::string RelayedGateway::download_url(const core::ObjectKey& key) const {
    const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
    const core::DownloadPermit permit{key, "image/png", "large.png", now + link_life};
    return url_ + "/api/v1/objects/" + core::seal(permit, secret_);
}

double RelayedGateway::resident_mib() const { return status_mib("VmRSS:"); }
double RelayedGateway::peak_mib() const { return status_mib("VmHWM:"); }

void RelayedGateway::forget_peak() const {
    std::ofstream("/proc/" + std::to_string(process_->pid()) + "/clear_refs") << "5";
}

double RelayedGateway::status_mib(const std::string& name) const {
    std::ifstream status("/proc/" + std::to_string(process_->pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name)) return std::stod(line.substr(name.size())) / 1'024;
    }
    return 0;
}

}  // namespace darkroom::bench
