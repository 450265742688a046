// Pictures that are none, or too much: each is refused at the door or ends its job, with a stable code, and
// leaves nothing.
#include <gtest/gtest.h>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

struct BadPicture {
    std::string what;
    std::string name;
    std::string bytes;
    int status;
    std::string code;
};

std::string with_cut(std::string bytes, double share) {
    bytes.resize(static_cast<std::size_t>(static_cast<double>(bytes.size()) * share));
    return bytes;
}

// Seen in the header, before any decoder: the upload itself is refused.
std::vector<BadPicture> refused_at_the_door() {
    const auto jpeg = shot(".jpg", 128);
    const auto png = disc_png(64, 64);
    const auto webp = shot(".webp", 128);
    return {
        {"nothing at all", "empty.jpg", "", 422, "input_unreadable"},
        {"a text named .jpg", "letter.jpg", "Dear Sir or Madam, this is not a picture.\n", 415,
         "input_unsupported_format"},
        {"a page of HTML named .png", "page.png", "<!DOCTYPE html><html><script>alert(1)</script></html>",
         415, "input_unsupported_format"},
        {"an SVG", "logo.svg",
         "<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", 415,
         "input_unsupported_format"},
        {"a PDF", "scan.jpg", "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", 415, "input_unsupported_format"},
        {"one byte of a JPEG", "a.jpg", jpeg.substr(0, 1), 422, "input_unreadable"},
        {"the first bytes of a JPEG", "a.jpg", jpeg.substr(0, 20), 422, "input_unreadable"},
        {"the first bytes of a PNG", "a.png", png.substr(0, 20), 422, "input_unreadable"},
        {"the first bytes of a WebP", "a.webp", webp.substr(0, 20), 422, "input_unreadable"},
        {"half a WebP, which tells its length", "a.webp", with_cut(webp, 0.5), 422, "input_unreadable"},
        {"1 KB that claim 65535 x 65535 pixels", "bomb.png", claiming_png(65'535, 65'535), 413,
         "input_too_large"},
        {"1 KB that claim 8000 x 8000 pixels", "bomb.png", claiming_png(8'000, 8'000), 413,
         "input_too_large"},
        {"an honest PNG of 30,000 x 16 pixels", "wide.png", disc_png(30'000, 16), 413, "input_too_large"},
        {"a PNG of 0 x 0 pixels", "zero.png", claiming_png(0, 0), 422, "input_unreadable"},
        {"a PNG of 4 x 4 pixels", "tiny.png", disc_png(4, 4), 422, "input_too_small"},
    };
}

// Only a decoder sees it: the job ends as FAILED.
std::vector<BadPicture> failing_in_work() {
    const auto jpeg = shot(".jpg", 256);
    const auto png = disc_png(64, 64);
    const auto webp = shot(".webp", 256);
    const auto frame = webp.find("VP8 ") + 8;
    return {
        {"half a JPEG", "a.jpg", with_cut(jpeg, 0.5), 0, "input_unreadable"},
        {"a JPEG without its last third", "a.jpg", with_cut(jpeg, 0.67), 0, "input_unreadable"},
        {"a JPEG with its tables turned round", "a.jpg", damaged(jpeg, 400, 600), 0, "input_unreadable"},
        {"half a PNG", "a.png", with_cut(png, 0.5), 0, "input_unreadable"},
        {"a PNG whose pixels are turned round", "a.png", damaged(png, 60, 4'000), 0, "input_unreadable"},
        {"a PNG that claims more than it has", "a.png", claiming_png(2'000, 2'000), 0, "input_unreadable"},
        {"a WebP whose frame begins with nonsense", "a.webp", damaged(webp, frame, frame + 3), 0,
         "input_unreadable"},
    };
}

TEST(BadPictures, AreRefusedAtTheDoorAndLeaveNothing) {
    const ServerProcess server;
    const auto client = server.client();
    for (const auto& bad : refused_at_the_door()) {
        SCOPED_TRACE(bad.what);
        const auto ticket = client.post("/api/v1/uploads", R"({"filename":")" + bad.name + "\"}").json();
        expect_problem(client.call("PUT", target_of(text_at(ticket, "/url")), bad.bytes), bad.status,
                       bad.code);
        const auto id = text_at(ticket, "/id");
        EXPECT_EQ(text_at(client.get("/api/v1/uploads/" + id).json(), "/state"), "pending");
        expect_problem(client.post("/api/v1/jobs", job_request("jpeg_to_png", "{}", id)), 422,
                       "upload_not_sent");
        const auto form = make_form(bad.name, bad.bytes, {{"type", "jpeg_to_png"}});
        expect_problem(client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}}),
                       bad.status, bad.code);
    }
    EXPECT_TRUE(items_at(client.get("/api/v1/jobs").json(), "/jobs").empty());
    EXPECT_TRUE(files_under(server.data_dir() / "objects").empty()) << "a refused picture was kept";
    expect_nothing_left(server);
}

TEST(BadPictures, ARefusedUploadMayBeSentAgainRight) {
    const ServerProcess server;
    const auto client = server.client();
    const auto ticket = client.post("/api/v1/uploads", "{}").json();
    const auto target = target_of(text_at(ticket, "/url"));
    expect_problem(client.call("PUT", target, "no picture"), 415, "input_unsupported_format");
    EXPECT_EQ(client.call("PUT", target, disc_png(32, 32)).status, 200);
}

TEST(BadPictures, WhatOnlyADecoderSeesEndsTheJobWithACode) {
    const ServerProcess server;
    const auto client = server.client();
    for (const std::string type : {"jpeg_to_png", "bg_remove", "upscale_2k"}) {
        for (const auto& bad : failing_in_work()) {
            SCOPED_TRACE(bad.what + ", " + type);
            const auto ticket = client.post("/api/v1/uploads", "{}").json();
            const auto put = client.call("PUT", target_of(text_at(ticket, "/url")), bad.bytes);
            if (put.status != 200) {  // seen at the door already: as good
                expect_problem(put, 422, bad.code);
                continue;
            }
            const auto job = client.ended_job(client.create(type, "{}", text_at(ticket, "/id")));
            EXPECT_EQ(text_at(job, "/status"), "FAILED") << job;
            EXPECT_EQ(text_at(job, "/error/code"), bad.code) << job;
            EXPECT_FALSE(text_at(job, "/error/message").empty());
            EXPECT_EQ(text_at(job, "/error/message").find(server.data_dir().string()), std::string::npos);
            EXPECT_TRUE(items_at(job, "/outputs").empty());
            EXPECT_EQ(number_at(job, "/credits/held"), 0);
            EXPECT_EQ(number_at(job, "/credits/charged"), 0);
        }
    }
    EXPECT_TRUE(files_under(server.data_dir() / "objects" / "restored").empty());
    expect_nothing_left(server);
    const auto good = client.ended_job(client.create_with("jpeg_to_png", disc_png(32, 32)));
    EXPECT_EQ(text_at(good, "/status"), "SUCCEEDED") << "the server was harmed";
}

TEST(BadPictures, TheLimitOfPixelsIsTheOperators) {
    const ServerProcess server(Settings{{"DARKROOM_MAX_PIXELS", "10000"}});
    const auto client = server.client();
    EXPECT_FALSE(client.upload(disc_png(100, 100)).empty());
    const auto ticket = client.post("/api/v1/uploads", "{}").json();
    expect_problem(client.call("PUT", target_of(text_at(ticket, "/url")), disc_png(101, 100)), 413,
                   "input_too_large");
}

}  // namespace
}  // namespace darkroom::e2e
