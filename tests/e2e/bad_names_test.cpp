// Names of files are labels: whatever is in them, nothing is written outside the data folder, and the name
// that a download suggests is safe on any system.
#include <gtest/gtest.h>

#include <set>

#include "base/json_writer.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

const std::vector<std::string> tricky_names = {
    "../../../../etc/cron.d/evil.png",
    "..\\..\\windows\\system32\\evil.png",
    "/etc/passwd",
    "C:\\evil.png",
    "....//....//evil.png",
    "..",
    ".",
    "",
    "-rf *.png",
    ".htaccess",
    "a\r\nSet-Cookie: stolen=1.png",
    "a\"; filename=\"evil.exe",
    "\xE2\x80\xAEgnp.exe",
    "CON.png",
    "%2e%2e%2fevil.png",
    "<script>alert(1)</script>.png",
    std::string(5'000, 'a') + ".png",
    std::string("nul\0byte.png", 12),
};

std::set<std::string> everything_beside(const std::filesystem::path& data_dir) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir.parent_path()))
        names.insert(entry.path().filename().string());
    return names;
}

void expect_safe_label(const std::string& label) {
    EXPECT_FALSE(label.empty());
    EXPECT_LE(label.size(), 128u);
    EXPECT_EQ(label.find_first_of("/\\\"\r\n<>%:*?|"), std::string::npos) << label;
    EXPECT_NE(label.front(), '.') << label;
    EXPECT_NE(label.front(), '-') << label;
}

TEST(BadNames, PathTricksInUploadsAreLabelsOnly) {
    const ServerProcess server;
    const auto client = server.client();
    const auto before = everything_beside(server.data_dir());
    for (const auto& name : tricky_names) {
        SCOPED_TRACE(name.substr(0, 80));
        JsonWriter body;
        body.begin_object().member("filename", name).end_object();
        const auto asked = client.post("/api/v1/uploads", body.take());
        if (asked.status == 400) {  // a NUL in a string is not taken at all
            expect_problem(asked, 400, "malformed_json");
            continue;
        }
        ASSERT_EQ(asked.status, 201) << asked.body();
        const auto ticket = asked.json();
        expect_safe_label(text_at(ticket, "/filename"));
        ASSERT_EQ(client.call("PUT", target_of(text_at(ticket, "/url")), disc_png(32, 32)).status, 200);
        const auto job = client.ended_job(client.create("jpeg_to_png", "{}", text_at(ticket, "/id")));
        ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        expect_safe_label(text_at(job, "/inputs/0/name"));
        const auto result = client.get(target_of(text_at(job, "/outputs/0/url")));
        ASSERT_EQ(result.status, 200);
        EXPECT_TRUE(result.header("Set-Cookie").empty());
        const auto disposition = result.header("Content-Disposition");
        ASSERT_EQ(disposition.rfind("attachment; filename=\"", 0), 0u) << disposition;
        EXPECT_EQ(disposition.find('"', 22), disposition.size() - 1) << disposition;
        expect_safe_label(disposition.substr(22, disposition.size() - 23).substr(0, 128));
        EXPECT_EQ(result.header("X-Content-Type-Options"), "nosniff");
        EXPECT_NE(result.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
    }
    EXPECT_EQ(everything_beside(server.data_dir()), before);
    expect_nothing_left(server);
}

TEST(BadNames, PathTricksInFormsAreLabelsOnly) {
    const ServerProcess server;
    const auto client = server.client();
    const auto before = everything_beside(server.data_dir());
    for (const std::string name : {"../../../../etc/cron.d/evil.png", "..\\..\\evil.png", "/etc/passwd"}) {
        SCOPED_TRACE(name);
        const auto form = make_form(name, disc_png(32, 32), {{"type", "jpeg_to_png"}});
        const auto created =
            client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
        if (created.status == 400) {
            expect_problem(created, 400, "malformed_multipart");
            continue;
        }
        ASSERT_EQ(created.status, 201) << created.body();
        expect_safe_label(text_at(created.json(), "/inputs/0/name"));
        (void)client.ended_job(text_at(created.json(), "/id"));
    }
    EXPECT_EQ(everything_beside(server.data_dir()), before);
    expect_nothing_left(server);
}

TEST(BadNames, ObjectsLieUnderIdsThatTheServerMade) {
    const ServerProcess server;
    const auto client = server.client();
    const auto upload = client.upload(disc_png(32, 32), "../../evil.exe");
    const auto job = client.ended_job(client.create("jpeg_to_png", "{}", upload));
    for (const auto& file : files_under(server.data_dir() / "objects")) {
        EXPECT_EQ(file.string().find("evil"), std::string::npos) << file;
        const auto ending = file.extension().string();
        EXPECT_TRUE(ending == ".png" || ending == ".jpg") << file;
    }
    const auto key = object_key_in(text_at(job, "/outputs/0/url"));
    EXPECT_EQ(key.rfind("restored/" + text_at(job, "/id") + "/", 0), 0u) << key;
}

}  // namespace
}  // namespace darkroom::e2e
