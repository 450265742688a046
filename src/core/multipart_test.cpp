#include "core/multipart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace darkroom::core {
namespace {

using namespace std::string_literals;

struct Part {
    std::string name;
    std::optional<std::string> filename;
    std::string content_type;
    std::string data;
    bool ended = false;
    bool operator==(const Part&) const = default;
};

struct Collector : PartSink {
    bool begin_part(const PartHead& part) override {
        parts.push_back({part.name, part.file_name, part.content_type, {}, false});
        return part.name != "unwanted";
    }
    bool part_data(std::string_view piece) override {
        EXPECT_FALSE(piece.empty());
        largest_piece = std::max(largest_piece, piece.size());
        parts.back().data += piece;
        return parts.back().data.size() <= data_max;
    }
    bool end_part() override {
        parts.back().ended = true;
        return true;
    }
    std::vector<Part> parts;
    std::size_t largest_piece = 0;
    std::size_t data_max = std::size_t(-1);
};

ReadBytes in_steps(const std::string& body, std::size_t step) {
    return [&body, step, at = std::size_t{0}](char* buffer, std::size_t bytes) mutable {
        const auto taken = std::min({bytes, step, body.size() - at});
        std::copy_n(body.data() + at, taken, buffer);
        at += taken;
        return taken;
    };
}

struct Outcome {
    std::optional<MultipartError> error;
    std::vector<Part> parts;
    bool operator==(const Outcome&) const = default;
};

Outcome read(const std::string& body, std::size_t step = 1 << 20, const MultipartLimits& limits = {}) {
    Collector collector;
    const auto result = read_multipart("b0", in_steps(body, step), collector, limits);
    return {result.ok() ? std::nullopt : std::optional(result.error()), std::move(collector.parts)};
}

std::string field(const std::string& name, const std::string& value) {
    return "--b0\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

const std::string close = "--b0--\r\n";

TEST(Multipart, ReadsFieldsAndFilesInOrder) {
    const std::string picture = "\x89PNG\r\n\x1a\n\0\r\n--b\r\n--b1--\r\n"s;
    const std::string body = field("type", "bg_remove") +
                             "--b0\r\ncontent-type: image/png\r\nContent-Disposition: form-data; name=file; "
                             "filename=\"C:\\dir\\my \\\"best\\\" shoe.png\"\r\nX-Other: 1\r\n\r\n" +
                             picture + "\r\n" + field("params", "{}") + close;
    for (const std::size_t step : {1U, 2U, 3U, 7U, 64U, 100'000U}) {
        SCOPED_TRACE(step);
        const auto outcome = read(body, step);
        EXPECT_EQ(outcome.error, std::nullopt);
        const std::vector<Part> expected{
            {"type", std::nullopt, "", "bg_remove", true},
            {"file", "C:\\dir\\my \"best\" shoe.png", "image/png", picture, true},
            {"params", std::nullopt, "", "{}", true}};
        EXPECT_EQ(outcome.parts, expected);
    }
}

TEST(Multipart, TakesWhatTheRfcAllows) {
    const auto data = [](const std::string& body) {
        const auto outcome = read(body, 1);
        return outcome.error || outcome.parts.empty() ? "(failed)" : outcome.parts.back().data;
    };
    EXPECT_EQ(data(field("a", "x") + close), "x");
    EXPECT_EQ(data(field("a", "") + close), "");
    EXPECT_EQ(data("--b0\r\nContent-Disposition: form-data; name=a\r\n\r\n--b0--"), "")
        << "no data, one CRLF for both";
    EXPECT_EQ(data("preamble\r\nmore\r\n" + field("a", "x") + close + "epilogue\r\n--b0\r\n"), "x");
    EXPECT_EQ(data("--b0 \t \r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b0--"), "x")
        << "padding";
    EXPECT_EQ(data(field("a", "--b0") + close), "(failed)")
        << "a boundary in the first line of data is a boundary";
    EXPECT_EQ(data(field("a", "x --b0 y\n--b0\n") + close), "x --b0 y\n--b0\n") << "not after CR LF";
    EXPECT_EQ(data(field("a", "\r\n\r\n") + close), "\r\n\r\n");
    EXPECT_EQ(read("--b0--").error, std::nullopt) << "a form without fields";
}

TEST(Multipart, RefusesBrokenBodiesHoweverTheyAreCut) {
    const std::string part = "--b0\r\nContent-Disposition: form-data; name=a\r\n";
    const std::string end = "\r\n\r\nx\r\n--b0--";
    struct Case {
        const char* what;
        std::string body;
        MultipartError error;
    };
    const Case cases[] = {
        {"nothing", "", MultipartError::truncated},
        {"no boundary", "hello", MultipartError::truncated},
        {"another boundary", "--b1\r\n\r\n--b1--", MultipartError::truncated},
        {"a boundary and no more", "--b0", MultipartError::truncated},
        {"ends in the padding", "--b0  ", MultipartError::truncated},
        {"ends in the header", part, MultipartError::truncated},
        {"ends in the data", part + "\r\nxyz", MultipartError::truncated},
        {"ends in the closing boundary", part + "\r\nxyz\r\n--b0-", MultipartError::truncated},
        {"bytes after a boundary", "--b0 x\r\n\r\n--b0--", MultipartError::malformed},
        {"bare LF lines", "--b0\nContent-Disposition: form-data; name=a\n\nx\n--b0--",
         MultipartError::malformed},
        {"longer boundary", "--b0b0\r\nContent-Disposition: form-data; name=a\r\n\r\n--b0--",
         MultipartError::malformed},
        {"no header", "--b0\r\n\r\nx\r\n--b0--", MultipartError::malformed},
        {"no disposition", "--b0\r\nX: y" + end, MultipartError::malformed},
        {"two dispositions", part + "Content-Disposition: form-data; name=b" + end,
         MultipartError::malformed},
        {"attachment", "--b0\r\nContent-Disposition: attachment; name=a" + end, MultipartError::malformed},
        {"no name", "--b0\r\nContent-Disposition: form-data" + end, MultipartError::malformed},
        {"empty name", "--b0\r\nContent-Disposition: form-data; name=\"\"" + end, MultipartError::malformed},
        {"two names", "--b0\r\nContent-Disposition: form-data; name=a; name=b" + end,
         MultipartError::malformed},
        {"two filenames", "--b0\r\nContent-Disposition: form-data; name=a; filename=x; filename=y" + end,
         MultipartError::malformed},
        {"open quote", "--b0\r\nContent-Disposition: form-data; name=\"a" + end, MultipartError::malformed},
        {"NUL in the name",
         "--b0\r\nContent-Disposition: form-data; name=\"a" + std::string(1, '\0') + "\"" + end,
         MultipartError::malformed},
        {"folded header", "--b0\r\nContent-Disposition: form-data;\r\n name=a" + end,
         MultipartError::malformed},
        {"no colon", part + "nonsense" + end, MultipartError::malformed},
        {"base64", part + "Content-Transfer-Encoding: BASE64" + end, MultipartError::malformed},
        {"unwanted part", field("unwanted", "x") + close, MultipartError::stopped},
        {"large header", part + "X: " + std::string(9'000, 'a') + end, MultipartError::head_too_large},
        {"endless header", part + "X: " + std::string(200'000, 'a'), MultipartError::head_too_large},
        {"endless padding", "--b0" + std::string(200'000, ' '), MultipartError::head_too_large},
        {"endless preamble", std::string(200'000, ' ') + close, MultipartError::malformed},
    };
    for (const auto& row : cases) {
        for (const std::size_t step : {1U, 3U, 1U << 20}) {
            EXPECT_EQ(read(row.body, step).error, row.error) << row.what << " in steps of " << step;
        }
    }
}

TEST(Multipart, BoundsTheNumberOfParts) {
    std::string body;
    for (int i = 0; i < 32; ++i) body += field("a", "x");
    EXPECT_EQ(read(body + close).error, std::nullopt);
    EXPECT_EQ(read(body + field("a", "x") + close).error, MultipartError::too_many_parts);
    EXPECT_EQ(read(body + close, 100, {.parts_max = 31}).error, MultipartError::too_many_parts);
}

TEST(Multipart, StopsWhenTheSinkHasEnough) {
    Collector collector;
    collector.data_max = 200'000;
    const std::string body = field("file", std::string(8'000'000, 'x')) + close;
    const auto result = read_multipart("b0", in_steps(body, 65'536), collector);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error(), MultipartError::stopped);
    EXPECT_LT(collector.parts.back().data.size(), 400'000U);
    EXPECT_LE(collector.largest_piece, 150'000U);
    EXPECT_FALSE(collector.parts.back().ended);
}

TEST(Multipart, FindsTheBoundaryInTheContentType) {
    const auto boundary = [](std::string_view content_type) {
        auto found = multipart_boundary(content_type);
        return found ? *found : std::string("-");
    };
    EXPECT_EQ(boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(boundary("Multipart/Form-Data;charset=utf-8; Boundary=\"a b:c\""), "a b:c");
    EXPECT_EQ(boundary("multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"),
              "----WebKitFormBoundary7MA4YWxkTrZu0gW");
    EXPECT_EQ(boundary("multipart/form-data; boundary=" + std::string(70, 'a')), std::string(70, 'a'));
    for (const std::string bad :
         {"", "multipart/form-data", "multipart/mixed; boundary=a", "application/json; boundary=a",
          "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
          "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=a; boundary=b",
          "multipart/form-data; boundary=\"a", "multipart/form-data; =a",
          "multipart/form-data; boundary=\"a\nb\""}) {
        EXPECT_EQ(boundary(bad), "-") << bad;
    }
    EXPECT_EQ(boundary("multipart/form-data; boundary=" + std::string(71, 'a')), "-");
}

// Method: small edits of good bodies. Whatever comes in, how it was cut must not change what comes out.
TEST(Multipart, ReadsEveryBodyTheSameHoweverItIsCut) {
    const std::string good = "x\r\n" + field("a", "one\r\n--b") + field("b", "") +
                             "--b0\r\nContent-Disposition: form-data; name=f; "
                             "filename=\"x\"\r\nContent-Type: a/b\r\n\r\n\r\n\r\n" +
                             close;
    const std::string spice = "\r\n -b0;=\":\\\0\x80"s;
    for (std::uint32_t seed = 0; seed < 5'000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        std::string body = good;
        for (auto edits = random() % 4; edits > 0; --edits) {
            const auto at = random() % body.size();
            switch (random() % 3) {
                case 0:
                    body[at] = spice[random() % spice.size()];
                    break;
                case 1:
                    body.insert(at, 1, spice[random() % spice.size()]);
                    break;
                default:
                    body.erase(at, 1 + random() % 3);
            }
        }
        const auto whole = read(body);
        ASSERT_TRUE(read(body, 1) == whole);
        ASSERT_TRUE(read(body, 1 + random() % 20) == whole);
    }
}

}  // namespace
}  // namespace darkroom::core
