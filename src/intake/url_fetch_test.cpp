#include "intake/url_fetch.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/log.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/scripted_web.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::intake {
namespace {

using ports::FetchError;

class UrlFetching : public ::testing::Test {
protected:
    UrlFetching() {
        log::configure(log::Level::off, log::Format::text);
        for (const auto* const name : {"a.example", "b.example"}) resolver_.set(name, {"93.184.216.34"});
        resolver_.set("inside.example", {"10.0.0.1"});
        limits_.spool_dir = folder_.path();
        limits_.bytes_max = 1'000;
    }

    /// The bytes at the URL, or what went wrong.
    std::string fetch(const std::string& url) {
        const auto file = UrlFetch(web_, resolver_, clock_, random_, limits_).fetch(url);
        if (file) {
            std::ifstream in(file->path(), std::ios::binary);
            return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        }
        if (const auto* refused = std::get_if<UrlRefused>(&file.error())) return "refused: " + refused->why;
        if (std::holds_alternative<TooBusy>(file.error())) return "busy";
        if (const auto* error = std::get_if<ports::ObjectError>(&file.error()))
            return "store: " + error->detail;
        const auto& failed = std::get<UrlFailed>(file.error());
        return (failed.retryable ? "later: " : "failed: ") + failed.why;
    }
    /// Called at the end of a test: whatever happened, no file is left.
    bool nothing_left() const { return std::filesystem::is_empty(folder_.path()); }

    darkroom::testing::TempDir folder_;
    darkroom::testing::ManualClock clock_;
    darkroom::testing::SeededRandom random_{4};
    darkroom::testing::ScriptedResolver resolver_;
    darkroom::testing::ScriptedWeb web_;
    UrlFetchLimits limits_;
};

TEST_F(UrlFetching, BringsTheBytesAndSendsNothingThatTellsWhoAsks) {
    web_.set("https://a.example/x?sig=1", {.body = "picture"});
    EXPECT_EQ(fetch("https://a.example/x?sig=1"), "picture");
    ASSERT_EQ(web_.requests().size(), 1u);
    const auto request = web_.requests()[0];
    EXPECT_EQ(request.method, ports::HttpMethod::get);
    const ports::HttpFields headers{
        {"Accept", "image/*"}, {"Accept-Encoding", "identity"}, {"User-Agent", "Darkroom"}};
    EXPECT_EQ(request.headers, headers);
    EXPECT_EQ(request.total_timeout, limits_.time_max);
    EXPECT_EQ(request.idle_timeout, limits_.idle_time_max);
    EXPECT_EQ(request.connect_timeout, limits_.connect_time_max);
    EXPECT_TRUE(nothing_left());
}

TEST_F(UrlFetching, GoesToTheNextAddressOnlyWhereNothingWasSent) {
    resolver_.set("a.example", {"93.184.216.1", "93.184.216.2"});
    web_.set("https://a.example/x", {.body = "picture"});
    for (const auto error : {FetchError::unreachable, FetchError::timed_out}) {
        web_.break_address("93.184.216.1", error);
        EXPECT_EQ(fetch("https://a.example/x"), "picture");
    }
    EXPECT_EQ(web_.requests().size(), 4u);
    web_.break_address("93.184.216.1", FetchError::interrupted);
    EXPECT_EQ(fetch("https://a.example/x"),
              "later: The server of the URL broke off, or did not answer in time.");
    web_.break_address("93.184.216.1", FetchError::tls);
    EXPECT_EQ(fetch("https://a.example/x"),
              "failed: No secure connection to the server of the URL could be made.");
    EXPECT_EQ(web_.requests().size(), 6u);
}

TEST_F(UrlFetching, TriesOnlyAFewOfManyAddresses) {
    std::vector<std::string> addresses;
    for (int i = 0; i < 100; ++i) {
        addresses.push_back("93.184.216." + std::to_string(i));
        web_.break_address(addresses.back(), FetchError::unreachable);
    }
    resolver_.set("a.example", addresses);
    EXPECT_EQ(fetch("https://a.example/x"), "later: The server of the URL could not be reached.");
    EXPECT_EQ(web_.requests().size(), 4u);
}

TEST_F(UrlFetching, FollowsThreeRedirectsAndNoMore) {
    web_.set("https://a.example/0", {.body = "picture"});
    for (int i = 1; i <= 20; ++i)
        web_.redirect("https://a.example/" + std::to_string(i), "/" + std::to_string(i - 1), 301 + i % 3);
    EXPECT_EQ(fetch("https://a.example/3"), "picture");
    EXPECT_EQ(web_.requests().size(), 4u);
    EXPECT_EQ(fetch("https://a.example/4"), "failed: The URL redirects more than 3 times.");
    EXPECT_EQ(web_.requests().size(), 8u);
    EXPECT_EQ(fetch("https://a.example/20"), "failed: The URL redirects more than 3 times.");
    EXPECT_EQ(web_.requests().size(), 12u);
    web_.redirect("https://a.example/loop", "loop");
    EXPECT_EQ(fetch("https://a.example/loop"), "failed: The URL redirects more than 3 times.");
    EXPECT_EQ(web_.requests().size(), 16u);
}

TEST_F(UrlFetching, ChecksEachRedirectAsItCheckedTheUrl) {
    limits_.rules.http = true;
    for (const int status : {301, 302, 303, 307, 308}) {
        for (const std::string location :
             {"http://127.0.0.1/", "http://[::1]/", "//127.0.0.1/",
              "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "https://inside.example/",
              "https://u:p@a.example/", "https://a.example:22/", "https://a.example/#x", ""}) {
            web_.redirect("https://a.example/x", location, status);
            const auto before = web_.requests().size();
            EXPECT_EQ(fetch("https://a.example/x").substr(0, 9), "refused: ") << status << location;
            EXPECT_EQ(web_.requests().size(), before + 1) << location;
        }
    }
    web_.redirect("https://a.example/x", "https://b.example/y?token=secret#");
    EXPECT_EQ(fetch("https://a.example/x").find("secret"), std::string::npos);
    web_.redirect("https://a.example/x", "https://b.example/y", 307);
    web_.set("https://b.example/y", {.body = "picture"});
    EXPECT_EQ(fetch("https://a.example/x"), "picture");
}

TEST_F(UrlFetching, NeverGoesFromHttpsToHttpButMayGoBack) {
    limits_.rules = *core::parse_input_url_allow("a.example,b.example");
    web_.set("http://b.example/y", {.body = "picture"});
    web_.set("https://b.example/y", {.body = "picture"});
    web_.redirect("https://a.example/x", "http://b.example/y");
    EXPECT_EQ(fetch("https://a.example/x"), "refused: The URL redirects from https to http.");
    web_.redirect("http://a.example/x", "https://b.example/y");
    EXPECT_EQ(fetch("http://a.example/x"), "picture");
    web_.redirect("http://a.example/x", "http://b.example/y");
    EXPECT_EQ(fetch("http://a.example/x"), "picture");
}

TEST_F(UrlFetching, DoesNotGuessWhereAnUnclearRedirectLeads) {
    web_.set("https://a.example/x", {.status = 302});
    EXPECT_EQ(fetch("https://a.example/x"), "failed: The server of the URL redirected without saying where.");
    web_.set("https://a.example/x",
             {.status = 302, .headers = {{"Location", "/y"}, {"location", "https://b.example/"}}});
    EXPECT_EQ(fetch("https://a.example/x"), "failed: The server of the URL redirected without saying where.");
    web_.set("https://a.example/x",
             {.headers = {{"Refresh", "0; url=https://b.example/"}}, .body = "<html>"});
    EXPECT_EQ(fetch("https://a.example/x"), "<html>");  // the answer itself; the caller sees no picture in it
    EXPECT_EQ(web_.requests().size(), 3u);
}

TEST_F(UrlFetching, TakesNoOtherStatusForThePicture) {
    for (const int status : {201, 202, 203, 204, 206, 300, 304, 305, 400, 401, 403, 404, 410}) {
        web_.set("https://a.example/x", {.status = status, .body = "page"});
        EXPECT_EQ(fetch("https://a.example/x"),
                  "failed: The server of the URL answered with status " + std::to_string(status) + ".");
    }
    for (const int status : {408, 425, 429, 500, 502, 503, 504}) {
        web_.set("https://a.example/x", {.status = status, .body = "page"});
        EXPECT_EQ(fetch("https://a.example/x").substr(0, 7), "later: ");
    }
}

TEST_F(UrlFetching, StopsAtItsLimitOfBytes) {
    web_.set("https://a.example/x", {.body = std::string(1'000, 'x')});
    EXPECT_EQ(fetch("https://a.example/x").size(), 1'000u);
    const std::string too_large = "failed: The file at the URL is larger than 1000 bytes.";
    web_.set("https://a.example/x", {.body = std::string(1'001, 'x')});
    EXPECT_EQ(fetch("https://a.example/x"), too_large);
    web_.set("https://a.example/x", {.body = std::string(100, 'x'), .endless = true});
    EXPECT_EQ(fetch("https://a.example/x"), too_large);
    for (const auto* const length : {"1001", "99999999999999999999", "-1", "0x10", "5, 5", ""}) {
        int reads = 0;
        web_.set("https://a.example/x",
                 {.headers = {{"content-length", length}}, .body = "x", .before_piece = [&] { ++reads; }});
        EXPECT_EQ(fetch("https://a.example/x"), too_large) << length;
        EXPECT_EQ(reads, 0) << length;
    }
    EXPECT_TRUE(nothing_left());
}

TEST_F(UrlFetching, RefusesWhatIsEncodedBeforeABodyIsRead) {
    for (const auto& header : ports::HttpFields{{"Content-Encoding", "gzip"},
                                                {"content-encoding", "br"},
                                                {"Content-Encoding", "identity, gzip"},
                                                {"Content-Encoding", ""},
                                                {"Transfer-Encoding", "gzip, chunked"}}) {
        int reads = 0;
        web_.set("https://a.example/x",
                 {.headers = {header}, .body = "bomb", .before_piece = [&] { ++reads; }});
        EXPECT_EQ(fetch("https://a.example/x").substr(0, 8), "failed: ") << header.second;
        EXPECT_EQ(reads, 0);
    }
    web_.set("https://a.example/x",
             {.headers = {{"Content-Encoding", "Identity"}, {"Transfer-Encoding", "chunked"}}, .body = "p"});
    EXPECT_EQ(fetch("https://a.example/x"), "p");
}

TEST_F(UrlFetching, EndsWhenItsTimeIsOverHoweverSlowlyBytesCome) {
    int pieces = 0;
    const auto drip = [&] {
        ++pieces;
        clock_.advance(Milliseconds(9'000));
    };
    web_.set("https://a.example/x",
             {.body = std::string(500, 'x'), .before_piece = drip, .piece_bytes_max = 1});
    EXPECT_EQ(fetch("https://a.example/x"), "later: The server of the URL did not send the picture in time.");
    EXPECT_EQ(pieces, 4);  // 36 of 30 seconds
    EXPECT_TRUE(nothing_left());
}

TEST_F(UrlFetching, CountsRedirectsAndDeadAddressesAgainstTheSameTime) {
    web_.set("https://a.example/y", {.body = "picture"});
    web_.redirect("https://a.example/x", "/y");
    limits_.time_max = Milliseconds(3'000);
    EXPECT_EQ(fetch("https://a.example/x"), "picture");
    for (const auto& request : web_.requests()) {
        EXPECT_EQ(request.connect_timeout, Milliseconds(3'000));
        EXPECT_EQ(request.total_timeout, Milliseconds(3'000));
        EXPECT_EQ(request.idle_timeout, Milliseconds(3'000));
    }
    limits_.time_max = Milliseconds(0);
    EXPECT_EQ(fetch("https://a.example/x"), "later: The server of the URL did not send the picture in time.");
    EXPECT_EQ(web_.requests().size(), 2u);
}

TEST_F(UrlFetching, LeavesNothingOfABodyThatBreaksOff) {
    web_.set("https://a.example/x", {.body = "half", .breaks_off = FetchError::interrupted});
    EXPECT_EQ(fetch("https://a.example/x"),
              "later: The server of the URL broke off, or did not answer in time.");
    EXPECT_TRUE(nothing_left());
}

TEST_F(UrlFetching, SaysSoWhereNothingCanBeWrittenDown) {
    web_.set("https://a.example/x", {.body = "picture"});
    limits_.spool_dir = folder_.path() / "gone";
    EXPECT_EQ(fetch("https://a.example/x").substr(0, 7), "store: ");
}

TEST_F(UrlFetching, IsTooBusyBeyondItsLimitAndFreeAgainAfterwards) {
    limits_.fetches_max = 2;
    UrlFetch fetches(web_, resolver_, clock_, random_, limits_);
    int busy = 0;
    // Fetches from inside a fetch are under way together with it.
    web_.set("https://a.example/inner",
             {.body = "picture", .before_piece = [&] {
                  const auto third = fetches.fetch("https://b.example/");
                  busy += !third && std::holds_alternative<TooBusy>(third.error()) ? 1 : 0;
              }});
    web_.set("https://a.example/outer", {.body = "picture", .before_piece = [&] {
                                             EXPECT_TRUE(fetches.fetch("https://a.example/inner"));
                                         }});
    EXPECT_TRUE(fetches.fetch("https://a.example/outer"));
    EXPECT_GT(busy, 0);
    EXPECT_TRUE(fetches.fetch("https://a.example/outer"));
}

}  // namespace
}  // namespace darkroom::intake
