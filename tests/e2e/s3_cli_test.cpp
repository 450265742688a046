// `darkroom run` before a server whose pictures live in a bucket: it follows the links it is given, to the
// store and back, and shows its key to nobody but the server.
#include <gtest/gtest.h>

#include "tests/e2e/cli_run.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

using testing::Fault;
using testing::FaultProxy;

class S3Cli : public ::testing::Test {
protected:
    S3Cli() {
        cli.put("red.png", disc_png(64, 64, 1));
        cli.put("blue.jpg", shot(".jpg", 128));
        cli.put("letter.png", "Dear Sir or Madam, this is not a picture.\n");
    }

    S3Bucket bucket;
    ServerProcess server{bucket.proxied_settings()};
    Cli cli{Settings{{"DARKROOM_URL", server.url()}, {"DARKROOM_API_KEY", server.key()}}};
};

TEST_F(S3Cli, PicturesGoStraightIntoTheStoreAndResultsComeStraightOut) {
    const auto run = cli.run({"run", "jpeg_to_png", "red.png", "blue.jpg", "-o", "out"});
    EXPECT_EQ(run.code, 0) << run.err;
    const auto results = files_under(cli.folder() / "out");
    EXPECT_EQ(results.size(), 2u) << run.out;
    for (const auto& result : results) EXPECT_GT(decoded_size(testing::read_file(result), ".png").width, 0);
    int direct = 0;
    for (const auto& request : bucket.proxy().requests()) {
        EXPECT_EQ(request.head.find(server.key()), std::string::npos) << "the store was shown the key";
        direct += request.target.find("X-Amz-Signature=") != std::string::npos;
    }
    EXPECT_EQ(direct, 4) << "two uploads and two downloads by signed links";
    EXPECT_EQ(bucket.keys().size(), 6u);
    expect_nothing_left(server);
}

TEST_F(S3Cli, WhatIsNoPictureIsToldAndTheOthersAreDone) {
    const auto run = cli.run({"run", "jpeg_to_png", "letter.png", "red.png", "-o", "out"});
    EXPECT_EQ(run.code, 3) << run.err;
    EXPECT_EQ(files_under(cli.folder() / "out").size(), 1u);
    EXPECT_NE(run.err.find("letter.png"), std::string::npos) << run.err;
}

TEST_F(S3Cli, AStoreThatFailsNowAndThenIsAskedAgain) {
    const auto busy = Fault::answer_with(503, {{"Content-Type", "application/xml"}},
                                         "<Error><Code>SlowDown</Code><Message>Later.</Message></Error>");
    const auto by_link = [](const std::string& method) {
        return [method](const testing::SeenRequest& request) {
            return request.method == method && request.target.find("X-Amz-Signature=") != std::string::npos;
        };
    };
    bucket.proxy().plan(busy, 1, by_link("PUT"));
    bucket.proxy().plan(Fault::cut_before_reply(), 1, by_link("GET"));
    const auto run = cli.run({"run", "jpeg_to_png", "red.png", "-o", "out"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(files_under(cli.folder() / "out").size(), 1u);
}

TEST_F(S3Cli, AStoreThatRefusesIsTold) {
    bucket.proxy().plan(Fault::answer_with(403, {{"Content-Type", "application/xml"}},
                                           "<Error><Code>AccessDenied</Code><Message>No.</Message></Error>"),
                        FaultProxy::always, testing::on("PUT"));
    const auto run = cli.run({"run", "jpeg_to_png", "red.png", "-o", "out"});
    EXPECT_NE(run.code, 0);
    EXPECT_NE(run.err.find("403"), std::string::npos) << run.err;
    EXPECT_EQ(run.err.find("X-Amz-Signature"), std::string::npos) << run.err;
    EXPECT_TRUE(files_under(cli.folder() / "out").empty());
}

}  // namespace
}  // namespace darkroom::e2e
