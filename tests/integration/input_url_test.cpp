// The list of hostile input URLs against the real HTTP client, with listeners on every address of this
// machine that must not see a single connection.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <regex>
#include <string>

#include "tests/integration/canaries.h"
#include "tests/integration/url_fetch_fixture.h"
#include "tests/support/input_url_corpus.h"

namespace darkroom::testing {
namespace {

using http::testing::read_request;
using http::testing::write_all;

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "gateway-7";
    return name.data();
}

/// The same URL at the canaries' port, where it is of a form that has none.
std::string at_port(const std::string& url, std::uint16_t port) {
    static const std::regex plain(R"(^(https?://(\[[^\]]+\]|[^/@\\#&%:\[\]]+))(/.*)$)");
    return std::regex_replace(url, plain, "$1:" + std::to_string(port) + "$3");
}

std::string as_https(const std::string& url) {
    return url.substr(0, 5) == "http:" ? "https:" + url.substr(5) : url;
}

class InputUrl : public UrlFetchFixture {
protected:
    InputUrl() { set_up_names(resolver_, host_name()); }

    Canaries canaries_;
};

TEST_F(InputUrl, CanariesSeeWhoeverComes) {
    EXPECT_GE(canaries_.listeners(), 4u);
    ASSERT_TRUE(knock("127.0.0.1", canaries_.port()));
    ASSERT_TRUE(knock("127.0.0.3", canaries_.port()));
    ASSERT_TRUE(knock("0.0.0.0", canaries_.port()));
    EXPECT_EQ(canaries_.count(), 3);
    EXPECT_EQ(canaries_.count(), 0);
}

// Some foreign network is allowed and http too, so that neither scheme nor port alone keeps a URL away.
TEST_F(InputUrl, OfTheHostileListIsNeverConnectedTo) {
    limits_.rules = *core::parse_input_url_allow("198.18.77.0/24,fd77::/16");
    limits_.rules.http = true;
    limits_.time_max = Milliseconds(2'000);
    int moved = 0;
    for (const auto& [number, url] : hostile_urls(host_name())) {
        SCOPED_TRACE("Z-" + std::to_string(number) + " " + url);
        const auto canary_url = at_port(url, canaries_.port());
        moved += canary_url != url ? 1 : 0;
        for (const auto& tried : {url, as_https(url), canary_url, as_https(canary_url)})
            EXPECT_EQ(fetch(tried).substr(0, 9), "refused: ") << tried;
        EXPECT_EQ(canaries_.count(), 0);
    }
    EXPECT_GT(moved, 70);
    EXPECT_TRUE(nothing_left());
}

// Z-78: every second answer of the name's DNS is the canary's address, at the port of a site that may be
// asked.
TEST_F(InputUrl, OfARebindingNameNeverReachesItsOtherAddress) {
    // The site is on 127.0.0.1, so the canary of its port on 127.0.0.3 is a site too: one that counts.
    const RawServer site([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer("picture"));
    });
    const RawServer canary([](int, int) {}, "127.0.0.3", site.port());
    limits_.rules = *core::parse_input_url_allow("127.0.0.1");
    resolver_.set_in_turn("rebinding.example", {{"127.0.0.1"}, {"127.0.0.3"}, {"127.0.0.1", "127.0.0.3"}});
    const auto url = "http://rebinding.example:" + std::to_string(site.port()) + "/";
    int delivered = 0;
    for (int i = 0; i < 1'000; ++i) delivered += fetch(url) == "picture" ? 1 : 0;
    EXPECT_EQ(delivered, 334);
    EXPECT_EQ(site.connections(), 334);
    EXPECT_EQ(canary.connections(), 0);
    EXPECT_EQ(resolver_.questions(), 1'000);
    EXPECT_EQ(canaries_.count(), 0);
}

// Z-101 to Z-104 and Z-108, and every other URL of the list as the target of a redirect.
TEST_F(InputUrl, ThatRedirectsToAHostileOneIsNotFollowed) {
    Note answer;
    const RawServer site([&](int socket, int) {
        read_request(socket);
        write_all(socket, answer.text());
    });
    const auto url = allow("images.example", site) + "/x.png";
    limits_.rules.http = true;
    limits_.rules.networks = {*core::IpNetwork::parse("198.18.77.0/24")};
    const auto port = std::to_string(canaries_.port());
    std::vector<std::string> targets{"http://127.0.0.1:" + port + "/",
                                     "http://[::1]:" + port + "/",
                                     "//127.0.0.1:" + port + "/",
                                     "//127.0.0.1/",
                                     "//localhost:" + port + "/",
                                     "http://169.254.169.254/latest/meta-data/",
                                     "file:///etc/passwd"};
    for (const auto& [number, hostile] : hostile_urls(host_name()))
        targets.push_back(at_port(hostile, canaries_.port()));
    int asked = 0;
    for (const int code : {301, 302, 303, 307, 308}) {
        for (const auto& target : targets) {
            answer.set(redirect_answer(target, code));
            ++asked;
            EXPECT_EQ(fetch(url).substr(0, 9), "refused: ") << code << " " << target;
        }
    }
    EXPECT_EQ(site.connections(), asked);
    EXPECT_EQ(canaries_.count(), 0);
    EXPECT_TRUE(nothing_left());
}

// Z-109 and Z-110: what a browser would follow in a page is not looked at.
TEST_F(InputUrl, WithARefreshIsNotFollowed) {
    const auto target = "http://127.0.0.1:" + std::to_string(canaries_.port()) + "/";
    const auto page = "<meta http-equiv=\"refresh\" content=\"0;url=" + target + "\">";
    const RawServer site([&](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer(page, "Refresh: 0; url=" + target + "\r\n"));
    });
    EXPECT_EQ(fetch(allow("images.example", site) + "/"), page);
    EXPECT_EQ(canaries_.count(), 0);
}

// Z-106 and Z-107.
TEST_F(InputUrl, ThatRedirectsWithoutEndIsLeftAfterThreeHops) {
    const RawServer site([](int socket, int number) {
        const auto target = target_of(read_request(socket));
        write_all(socket, redirect_answer(target == "/loop" ? "/loop" : "/hop" + std::to_string(number)));
    });
    const auto begin = allow("images.example", site);
    EXPECT_EQ(fetch(begin + "/loop"), "failed: The URL redirects more than 3 times.");
    EXPECT_EQ(site.connections(), 4);
    EXPECT_EQ(fetch(begin + "/hop"), "failed: The URL redirects more than 3 times.");
    EXPECT_EQ(site.connections(), 8);
}

}  // namespace
}  // namespace darkroom::testing
