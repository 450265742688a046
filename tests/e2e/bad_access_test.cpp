// Keys and signed links: missing, wrong, revoked, guessed, forged, changed, expired, used for something else.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "core/transfer_token.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

struct Ticket {
    std::string id;
    std::string target;
    std::string token() const { return target.substr(target.rfind('/') + 1); }
};

Ticket ask_for_upload(const ApiClient& client, const std::string& body = "{}") {
    const auto reply = client.post("/api/v1/uploads", body);
    EXPECT_EQ(reply.status, 201) << reply.body();
    const auto json = reply.json();
    return {text_at(json, "/id"), target_of(text_at(json, "/url"))};
}

TEST(BadKeys, MissingAndWrongKeysAreRefusedEverywhere) {
    const ServerProcess server;
    const std::vector<std::pair<std::string, std::string>> routes = {
        {"GET", "/jobs"},        {"POST", "/jobs"},
        {"POST", "/uploads"},    {"GET", "/jobs/00000000-0000-4000-8000-000000000000"},
        {"GET", "/types"},       {"POST", "/jobs/00000000-0000-4000-8000-000000000000/cancel"},
        {"POST", "/dispatcher"}, {"GET", "/jobs/00000000-0000-4000-8000-000000000000/events"}};
    for (const auto& [method, path] : routes) {
        SCOPED_TRACE(::testing::Message() << method << " " << path);
        const auto nameless = server.client_with("").call(method, "/api/v1" + path);
        expect_problem(nameless, 401, "unauthenticated");
        EXPECT_EQ(nameless.header("WWW-Authenticate"), "Bearer");
        const auto wrong = server.client_with("dr_wrong-key-wrong-key").call(method, "/api/v1" + path);
        expect_problem(wrong, 401, "unauthenticated");
        EXPECT_EQ(wrong.body().find("wrong-key"), std::string::npos) << "the key is in the answer";
    }
    for (const std::string& header :
         {"Basic " + server.key(), server.key(), std::string("Bearer"), "Bearer " + server.key() + "x"}) {
        const auto reply = server.client_with("").get("/api/v1/jobs", {{"Authorization", header}});
        expect_problem(reply, 401, "unauthenticated");
    }
    EXPECT_EQ(server.client_with("").get("/api/v1/jobs?key=" + server.key()).status, 401)
        << "a key does not belong into a URL";
}

TEST(BadKeys, AStrangersFormIsRefusedBeforeItsBytesAreTaken) {
    const ServerProcess server;
    const auto form = make_form("a.png", std::string(8u << 20, 'x'), {{"type", "bg_remove"}});
    const auto reply =
        server.client_with("").call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
    expect_problem(reply, 401, "unauthenticated");
    expect_nothing_left(server);
}

TEST(BadKeys, ANewKeyOfTheOperatorRevokesTheOldOne) {
    const std::string first = "first-key-of-the-operator";
    const std::string second = "second-key-of-the-operator";
    ServerProcess server(Settings{{"DARKROOM_API_KEY", first}});
    EXPECT_EQ(server.client_with(first).get("/api/v1/jobs").status, 200);
    EXPECT_EQ(server.terminate().code, 0);
    server.start({{"DARKROOM_API_KEY", second}});
    expect_problem(server.client_with(first).get("/api/v1/jobs"), 401, "unauthenticated");
    EXPECT_EQ(server.client_with(second).get("/api/v1/jobs").status, 200);
    EXPECT_EQ(server.key(), second) << "the command line on this machine finds it";
    const auto mode = std::filesystem::status(server.data_dir() / "admin.key").permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(BadKeys, GuessingIsStoppedAndARightKeyStillWorks) {
    const ServerProcess server;
    EXPECT_EQ(server.client().get("/api/v1/jobs").status, 200);
    int refused = 0;
    Reply last;
    for (int guess = 0; guess < 40; ++guess) {
        last = server.client_with("dr_guess-number-" + std::to_string(guess)).get("/api/v1/jobs");
        if (last.status == 401) ++refused;
    }
    EXPECT_EQ(refused, 20);
    expect_problem(last, 429, "too_many_failures");
    EXPECT_FALSE(last.header("Retry-After").empty());
    EXPECT_EQ(server.client().get("/api/v1/jobs").status, 200);
}

TEST(BadUploads, SentTwiceAreRefusedTheSecondTime) {
    const ServerProcess server;
    const auto client = server.client();
    const auto ticket = ask_for_upload(client);
    EXPECT_EQ(client.call("PUT", ticket.target, disc_png(32, 32, 1)).status, 200);
    expect_problem(client.call("PUT", ticket.target, disc_png(32, 32, 2)), 409, "upload_already_complete");
    const auto kept = client.get("/api/v1/uploads/" + ticket.id).json();
    EXPECT_EQ(text_at(kept, "/image/sha256"), to_hex(sha256(disc_png(32, 32, 1))));
    expect_nothing_left(server);
}

TEST(BadUploads, NeverSentCannotBeUsed) {
    const ServerProcess server;
    const auto client = server.client();
    const auto ticket = ask_for_upload(client);
    expect_problem(client.post("/api/v1/jobs", job_request("bg_remove", "{}", ticket.id)), 422,
                   "upload_not_sent");
    expect_problem(
        client.post("/api/v1/jobs", job_request("bg_remove", "{}", "00000000-0000-4000-8000-000000000000")),
        422, "upload_not_found");
}

TEST(BadUploads, TooLargeAreRefusedByWhatTheySayAndByWhatTheySend) {
    const ServerProcess server(Settings{{"DARKROOM_MAX_UPLOAD_BYTES", "100000"}});
    const auto client = server.client();
    expect_problem(client.post("/api/v1/uploads", R"({"bytes":100001})"), 413, "too_large");
    const auto declared = ask_for_upload(client, R"({"bytes":1000})");
    expect_problem(client.call("PUT", declared.target, disc_png(64, 64)), 413, "too_large");
    const auto open = ask_for_upload(client);
    const auto large = client.call("PUT", open.target, std::string(100'001, 'x'));
    expect_problem(large, 413, "too_large", true);
    const auto form = make_form("a.png", disc_png(300, 300), {{"type", "bg_remove"}});
    const auto reply = client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
    expect_problem(reply, 413, "too_large");
    expect_nothing_left(server);
}

TEST(BadUploads, CutOffInTheMiddleLeaveNothingAndMayBeSentAgain) {
    const ServerProcess server;
    const auto client = server.client();
    const auto ticket = ask_for_upload(client);
    const auto picture = disc_png(200, 200);
    {
        RawClient cut(server.port());
        const auto request = request_text("PUT", ticket.target, {}, picture);
        ASSERT_TRUE(cut.send(std::string_view(request).substr(0, request.size() / 2)));
        EXPECT_TRUE(eventually([&] { return !files_under(server.data_dir() / "incoming").empty(); }));
        cut.reset();
    }
    expect_nothing_left(server);
    EXPECT_EQ(client.call("PUT", ticket.target, picture).status, 200);
}

TEST(BadUploads, ExpiredLinksAndUploadsAreRefused) {
    const ServerProcess server(Settings{{"DARKROOM_UPLOAD_TTL_S", "1"}});
    const auto client = server.client();
    const auto secret = server.signing_key();
    const auto ticket = ask_for_upload(client);
    auto permit = core::open_upload_permit(ticket.token(), secret, TimePoint());
    ASSERT_TRUE(permit.ok());
    permit->expires_at = from_unix_ms(1'000'000);
    expect_problem(client.call("PUT", "/api/v1/objects/" + core::seal(*permit, secret), disc_png(32, 32)),
                   410, "url_expired");

    ASSERT_EQ(client.call("PUT", ticket.target, disc_png(32, 32)).status, 200);
    const auto expired_or_swept = [&] {
        const auto seen = client.get("/api/v1/uploads/" + ticket.id);
        if (seen.status == 404) return true;
        const auto until = parse_rfc3339(text_at(seen.json(), "/expires_at"));
        return until && *until < std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
    };
    EXPECT_TRUE(eventually(expired_or_swept));
    const auto late = client.post("/api/v1/jobs", job_request("jpeg_to_png", "{}", ticket.id));
    if (late.status == 422) {  // swept already
        expect_problem(late, 422, "upload_not_found");
    } else {
        expect_problem(late, 410, "upload_expired");
    }
    expect_nothing_left(server);
}

TEST(BadLinks, ExpireAndAreNotRenewed) {
    const ServerProcess server(Settings{{"DARKROOM_URL_TTL_S", "1"}});
    const auto client = server.client();
    const auto job = client.ended_job(client.create_with("jpeg_to_png", disc_png(32, 32)));
    const auto target = target_of(text_at(job, "/outputs/0/url"));
    EXPECT_TRUE(eventually([&] { return client.get(target).status == 410; }));
    expect_problem(client.get(target), 410, "url_expired");
    const auto fresh = client.job(text_at(job, "/id"));
    EXPECT_EQ(client.get(target_of(text_at(fresh, "/outputs/0/url"))).status, 200);
}

TEST(BadLinks, ForgedAndChangedTokensAreRefused) {
    const ServerProcess server;
    const auto client = server.client();
    const auto job = client.ended_job(client.create_with("jpeg_to_png", disc_png(32, 32)));
    const auto token = text_at(job, "/outputs/0/url").substr(text_at(job, "/outputs/0/url").rfind('/') + 1);
    const auto ticket = ask_for_upload(client);
    const core::DownloadPermit passwd{core::ObjectKey::uploaded(*UploadId::parse(ticket.id), "png"),
                                      "text/html", "a.html", from_unix_ms(4'000'000'000'000)};
    std::vector<std::string> forged = {"x",
                                       "a.b",
                                       ".",
                                       token + "A",
                                       token.substr(0, token.size() - 1),
                                       token.substr(0, token.find('.')),
                                       token.substr(token.find('.')),
                                       core::seal(passwd, "another-secret"),
                                       std::string(4'000, 'A')};
    for (const std::size_t place :
         {std::size_t{0}, token.find('.') / 2, token.find('.') + 3, token.size() - 2}) {
        auto changed = token;
        changed[place] = changed[place] == 'Q' ? 'R' : 'Q';
        forged.push_back(changed);
    }
    forged.push_back(ticket.token());  // made for another purpose
    for (const auto& one : forged) {
        SCOPED_TRACE(one.substr(0, 60));
        expect_problem(client.get("/api/v1/objects/" + one), 403, "url_invalid");
    }
    expect_problem(client.call("PUT", "/api/v1/objects/" + token, disc_png(32, 32)), 403, "url_invalid");
    expect_problem(client.get("/api/v1/objects/" + std::string(4'097, 'A')), 404, "not_found", true);
    expect_nothing_left(server);
}

}  // namespace
}  // namespace darkroom::e2e
