#include "http/head_check.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "http/head_parser.h"

namespace darkroom::http {
namespace {

using namespace std::string_literals;

using Progress = HeadCheck::Progress;

struct Verdict {
    int status;  // 0 = accepted, -1 = more bytes are needed
    HeadFacts facts;
    std::string code;
};

Verdict check(const std::string& head, HeadLimits limits = {}) {
    HeadCheck checker(limits);
    switch (checker.feed(head)) {
        case Progress::complete:
            return {0, checker.facts(), {}};
        case Progress::need_more:
            return {-1, {}, {}};
        case Progress::refused:
            break;
    }
    return {checker.fault().status, {}, std::string(checker.fault().code)};
}

std::string with(const std::string& fields) { return "POST /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"; }

struct Case {
    const char* what;
    std::string head;
    int status;
};

// Rows of the raw HTTP corpus and their neighbours. Any Transfer-Encoding is 411, whatever else is wrong
// after it.
std::vector<Case> corpus() {
    const std::string nul(1, '\0');
    return {
        {"plain GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"one empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 0},
        {"length", with("Content-Length: 4\r\n"), 0},
        {"length without space", with("Content-Length:4\r\n"), 0},
        {"length 0", with("Content-Length: 0\r\n"), 0},
        {"CL then TE", with("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 411},
        {"TE then CL", with("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), 411},
        {"TE chunked", with("Transfer-Encoding: chunked\r\n"), 411},
        {"TE xchunked", with("Transfer-Encoding: xchunked\r\n"), 411},
        {"TE identity", with("Transfer-Encoding: identity\r\n"), 411},
        {"TE chunked, identity", with("Transfer-Encoding: chunked, identity\r\n"), 411},
        {"TE gzip, chunked", with("Transfer-Encoding: gzip, chunked\r\n"), 411},
        {"TE empty", with("Transfer-Encoding:\r\n"), 411},
        {"TE in odd case", with("tRANSFER-eNCODING: chunked\r\n"), 411},
        {"TE twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 411},
        {"TE on 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
        {"TE on GET", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
        {"two lengths", with("Content-Length: 4\r\nContent-Length: 5\r\n"), 400},
        {"equal lengths", with("Content-Length: 4\r\nContent-Length: 4\r\n"), 400},
        {"list of lengths", with("Content-Length: 4, 4\r\n"), 400},
        {"+4", with("Content-Length: +4\r\n"), 400},
        {"0x4", with("Content-Length: 0x4\r\n"), 400},
        {"-1", with("Content-Length: -1\r\n"), 400},
        {"4 4", with("Content-Length: 4 4\r\n"), 400},
        {"20 digits", with("Content-Length: 18446744073709551617\r\n"), 400},
        {"empty length", with("Content-Length: \r\n"), 400},
        {"POST without length", with(""), 411},
        {"PUT without length", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 411},
        {"DELETE without length", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"space before colon", with("Content-Length : 4\r\n"), 400},
        {"space inside a name", with("Content Length: 4\r\n"), 400},
        {"no colon", with("Content-Length\r\n"), 400},
        {"empty name", with(": x\r\n"), 400},
        {"folded by space", with("X: a\r\n b\r\nContent-Length: 0\r\n"), 400},
        {"folded by tab", with("X: a\r\n\tb\r\nContent-Length: 0\r\n"), 400},
        {"folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"bare LF lines", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"one bare LF", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
        {"bare CR in a value", with("X: a\rb\r\nContent-Length: 0\r\n"), 400},
        {"NUL in a value", with("X: a" + nul + "b\r\nContent-Length: 0\r\n"), 400},
        {"control byte in a value", with("X: a\x01\r\nContent-Length: 0\r\n"), 400},
        {"DEL in a value", with("X: a\x7f\r\nContent-Length: 0\r\n"), 400},
        {"tab and latin-1 in a value", with("X: a\tb\xe9\r\nContent-Length: 0\r\n"), 0},
        {"NUL in a name", with("X" + nul + ": a\r\n"), 400},
        {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
        {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
        {"http/1.1 in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"no version", "GET /\r\nHost: a\r\n\r\n", 400},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        {"control byte in the method", "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"control byte in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"NUL in the target", "GET /" + nul + " HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"fragment in the target", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400},
        {"star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"star for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"no Host on 1.0", "GET / HTTP/1.0\r\n\r\n", 400},
        {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"Host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        {"Host with port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", 0},
        {"IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 0},
        {"absolute-form, same host", "GET http://A.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n", 0},
        {"absolute-form, default port", "GET http://a:80/x HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"absolute-form, no path", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"absolute-form, other host", "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"absolute-form, other port", "GET http://a:81/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"absolute-form with user", "GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"absolute-form of ftp", "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"unknown expectation", with("Content-Length: 1\r\nExpect: miracles\r\n"), 417},
        {"TLS hello", "\x16\x03\x01", 400},
        {"unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", -1},
        {"nothing", "", -1},
    };
}

TEST(HeadCheck, JudgesTheCorpusOfRawHeads) {
    for (const auto& row : corpus()) EXPECT_EQ(check(row.head).status, row.status) << row.what;
}

TEST(HeadCheck, SaysTheSameHoweverTheHeadIsCut) {
    for (const auto& row : corpus()) {
        for (std::size_t step = 1; step < 4; ++step) {
            HeadCheck checker;
            auto progress = Progress::need_more;
            for (std::size_t end = 0; end <= row.head.size() + step && progress == Progress::need_more;
                 end += step) {
                progress = checker.feed(std::string_view(row.head).substr(0, end));
            }
            const int status = progress == Progress::complete    ? 0
                               : progress == Progress::need_more ? -1
                                                                 : checker.fault().status;
            EXPECT_EQ(status, row.status) << row.what << " in steps of " << step;
        }
    }
}

TEST(HeadCheck, TellsWhatTheServerNeedsToKnow) {
    const std::string head =
        "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\nExpect: 100-Continue\r\n\r\n";
    const auto post = check(head + "body");
    EXPECT_EQ(post.facts.begin, 2U);
    EXPECT_EQ(post.facts.end, head.size());
    EXPECT_TRUE(post.facts.has_length);
    EXPECT_EQ(post.facts.content_length, 17U);
    EXPECT_TRUE(post.facts.expects_continue);
    EXPECT_TRUE(post.facts.keep_alive);
    EXPECT_FALSE(check("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").facts.keep_alive);
    EXPECT_FALSE(check("GET / HTTP/1.0\r\nHost: a\r\n\r\n").facts.keep_alive);
    EXPECT_TRUE(check("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n").facts.keep_alive);
    EXPECT_FALSE(check("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
                     .facts.expects_continue);
}

TEST(HeadCheck, BoundsLineHeadAndFields) {
    const std::string host = "Host: a\r\n\r\n";
    const auto line = [](std::size_t bytes) {
        return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1\r\n";
    };
    EXPECT_EQ(check(line(8192) + host).status, 0);
    EXPECT_EQ(check(line(8193) + host).status, 414);
    EXPECT_EQ(check("GET /" + std::string(9000, 'a')).status, 414) << "an open line must not be waited for";
    const auto field = [](std::size_t bytes) { return "X: " + std::string(bytes - 5, 'a') + "\r\n"; };
    const std::size_t rest = std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n").size();
    EXPECT_EQ(check("GET / HTTP/1.1\r\n" + field(16384 - rest) + host).status, 0);
    EXPECT_EQ(check("GET / HTTP/1.1\r\n" + field(16385 - rest) + host).status, 431);
    EXPECT_EQ(check("GET / HTTP/1.1\r\nX: " + std::string(17000, 'a')).status, 431);
    std::string many;
    for (int i = 0; i < 63; ++i) many += "X: 1\r\n";
    EXPECT_EQ(check("GET / HTTP/1.1\r\n" + many + host).status, 0);
    EXPECT_EQ(check("GET / HTTP/1.1\r\nX: 1\r\n" + many + host).status, 431);
    EXPECT_EQ(check("GET / HTTP/1.1\r\n" + host, {16, 20, 64}).status, 431);
}

// Method: small edits of good and bad heads. Whatever passes the check must pass Beast too, and both must
// find the same body length and Host: if they read a head differently, so could a proxy.
TEST(HeadCheck, AgreesWithBeastOnEveryHeadItLetsThrough) {
    const auto rows = corpus();
    const std::string spice =
        "\r\n\t :,/%\0\x7f\x80"
        "0aA;=*?"s;
    int accepted = 0;
    for (std::uint32_t seed = 0; seed < 30'000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        std::string head = rows[random() % rows.size()].head;
        for (auto edits = random() % 4; edits > 0 && !head.empty(); --edits) {
            const auto at = random() % head.size();
            switch (random() % 3) {
                case 0:
                    head[at] = spice[random() % spice.size()];
                    break;
                case 1:
                    head.insert(at, 1, spice[random() % spice.size()]);
                    break;
                default:
                    head.erase(at, 1 + random() % 3);
            }
        }
        HeadCheck checker;
        if (checker.feed(head) != Progress::complete) continue;
        ++accepted;
        const auto& facts = checker.facts();
        const auto parsed = parse_head(std::string_view(head).substr(facts.begin, facts.end - facts.begin));
        ASSERT_TRUE(parsed.ok()) << head;
        std::size_t hosts = 0;
        for (const auto& [name, value] : parsed->fields)
            hosts += name.size() == 4 && ::strncasecmp(name.data(), "host", 4) == 0;
        ASSERT_EQ(hosts, 1U) << head;
    }
    EXPECT_GT(accepted, 1'000);
}

TEST(HeadParser, RefusesWhatItCannotReadInsteadOfThrowing) {
    EXPECT_FALSE(parse_head("").ok());
    EXPECT_FALSE(parse_head("GET / HTTP/1.1\r\nHost: a\r\n").ok());
    EXPECT_FALSE(parse_head("\r\n\r\n").ok());
    EXPECT_FALSE(parse_head("GET / HTTP/1.1\r\nHost: a\r\n\r\nmore").ok());
    EXPECT_FALSE(parse_head("GET / HTTP/1.1\r\nX: " + std::string(70'000, 'a') + "\r\n\r\n").ok() &&
                 parse_head("GET / HTTP/1.1\r\nX: " + std::string(1 << 21, 'a') + "\r\n\r\n").ok());
}

}  // namespace
}  // namespace darkroom::http
