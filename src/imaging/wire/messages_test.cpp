#include "imaging/wire/messages.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <random>

namespace darkroom::imaging {
namespace {

PictureDone sample_done() {
    PictureDone done;
    done.outputs = {{"main", "image/png", 640, 480, true}, {"mask", "image/png", 640, 480, false}};
    done.measures["confidence"] = 0.94;
    done.warnings.push_back(boost::json::object{{"code", "output_reduced"}, {"detail", "to 24 MP"}});
    done.timing = {Milliseconds(18), Milliseconds(640), Milliseconds(55)};
    return done;
}

TEST(PictureMessages, RequestComesBackAsItWasSent) {
    PictureRequest request;
    request.operation = "upscale_2k";
    request.params = boost::json::parse(R"({"v":1,"target":2048,"nested":{"a":[1,2.5,null]}})").as_object();
    request.limits.pixels_max = 1'234;
    request.limits.heic = false;
    request.parts = {"mask", "model"};
    request.extras = true;
    const auto read = parse_request(write_request(request));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->operation, "upscale_2k");
    EXPECT_EQ(read->params, request.params);
    EXPECT_EQ(read->limits.pixels_max, 1'234u);
    EXPECT_EQ(read->limits.side_max, request.limits.side_max);
    EXPECT_FALSE(read->limits.heic);
    EXPECT_EQ(read->parts, request.parts);
    EXPECT_TRUE(read->extras);
}

TEST(PictureMessages, PartsOfAnotherNameOrNamedTwiceMakeNoRequest) {
    const std::string good = write_request({"object_remove", {{"v", 1}}, {}, {"mask"}, false});
    EXPECT_TRUE(parse_request(good));
    for (const std::string_view bad :
         {R"("shadow")", R"("mask","mask")", "7", R"("mask","original","model","mask")", R"(["mask"])"}) {
        std::string text = good;
        text.replace(text.find(R"("mask")"), 6, bad);
        EXPECT_FALSE(parse_request(text)) << bad;
    }
}

TEST(PictureMessages, AReportIsJsonWithoutASizeAndNothingElseIs) {
    PictureDone done = sample_done();
    done.outputs.push_back({"preview", "image/webp", 625, 400, false});
    done.outputs.push_back({"report", "application/json", 0, 0, false});
    const auto read = parse_answer(write_answer(done));
    ASSERT_TRUE(read && read->ok());
    EXPECT_EQ((*read)->outputs.at(3).role, "report");
    done.outputs[3].width = 1;
    EXPECT_FALSE(parse_answer(write_answer(done)));
    done.outputs[3] = {"report", "image/png", 10, 10, false};
    EXPECT_FALSE(parse_answer(write_answer(done)));
    done.outputs[3] = {"thumbnail", "application/json", 0, 0, false};
    EXPECT_FALSE(parse_answer(write_answer(done)));
}

TEST(PictureMessages, AnswersComeBackAsTheyWereSent) {
    const auto read = parse_answer(write_answer(sample_done()));
    ASSERT_TRUE(read && read->ok());
    const PictureDone& done = **read;
    ASSERT_EQ(done.outputs.size(), 2u);
    EXPECT_EQ(done.outputs[1].role, "mask");
    EXPECT_TRUE(done.outputs[0].has_alpha);
    EXPECT_EQ(done.outputs[0].width, 640u);
    EXPECT_EQ(done.measures.at("confidence").as_double(), 0.94);
    EXPECT_EQ(done.warnings.at(0).at("code").as_string(), "output_reduced");
    EXPECT_EQ(done.timing.op.count(), 640);

    const auto failed =
        parse_answer(write_answer(Fail(core::JobError{core::ErrorCode::no_subject, "Nothing there."})));
    ASSERT_TRUE(failed && !failed->ok());
    EXPECT_EQ(failed->error().code, core::ErrorCode::no_subject);
    EXPECT_EQ(failed->error().message, "Nothing there.");
}

TEST(PictureMessages, AnswersThatNoHonestProcessGivesAreRefused) {
    const std::string good = write_answer(sample_done());
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    };
    const std::string bad[] = {
        "",
        "{}",
        "null",
        "[]",
        "ready",
        good + "x",
        good.substr(0, good.size() / 2),
        with("\"mask\"", "\"main\""),
        with("\"main\"", "\"../../etc\""),
        with("image/png", "text/html"),
        with("640", "0"),
        with("640", "-1"),
        with("640", "1e99"),
        with("640", "9999999"),
        with("\"noop\":false", "\"noop\":0"),
        with("\"detail\":\"to 24 MP\"", "\"detail\":7"),
        with("55", "\"55\""),
        R"({"error":{"code":"no_such_code","message":"m"}})",
        R"({"error":{"code":"timeout"}})",
        R"({"error":"timeout"})",
        R"({"error":{"code":"timeout","message":")" + std::string(10'000, 'x') + "\"}}",
    };
    for (const auto& text : bad) EXPECT_FALSE(parse_answer(text)) << text;
}

TEST(PictureMessages, MeasuresKeepOnlyShortPlainValues) {
    PictureDone done = sample_done();
    const boost::json::array report = {
        boost::json::object{{"check", "fill"}, {"limit", {0.85, 1.0}}, {"pass", true}}};
    done.measures["report"] = report;
    done.measures["deep"] = boost::json::array{report};
    done.measures["many"] = boost::json::array(33, boost::json::value(1));
    done.measures["nothing"] = boost::json::array{nullptr};
    done.measures["wordy"] = boost::json::object{{std::string(65, 'n'), 1}};
    done.measures["long"] = std::string(5'000, 'x');
    done.measures["flag"] = true;
    const auto read = parse_answer(write_answer(done));
    ASSERT_TRUE(read && read->ok());
    EXPECT_EQ((*read)->measures.size(), 3u);
    EXPECT_EQ((*read)->measures.at("report"), report);
}

TEST(PictureMessages, RandomDamageIsNeverFatal) {
    const std::string answer = write_answer(sample_done());
    const std::string request = write_request({"bg_remove", {{"v", 1}}, {}});
    for (std::uint32_t seed = 0; seed < 3'000; ++seed) {
        std::mt19937 random(seed);
        for (std::string text : {answer, request}) {
            for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random());
            const auto done = parse_answer(text);
            if (done && done->ok()) {
                ASSERT_EQ((*done)->outputs.at(0).role, "main") << seed;
            }
            (void)parse_request(text);
        }
    }
}

}  // namespace
}  // namespace darkroom::imaging
