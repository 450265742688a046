#include "core/input_url_rules.h"

#include <gtest/gtest.h>

namespace darkroom::core {
namespace {

InputUrlRules allowing(std::string_view text) { return *parse_input_url_allow(text); }

/// "" = may be asked at this address.
std::string verdict(const InputUrlRules& rules, const char* text, const char* address) {
    const auto url = parse_input_url(text);
    if (!url) return url.error();
    if (auto why = refuse_url(*url, rules)) return *why;
    return refuse_address(*url, *IpAddress::parse(address), rules).value_or("");
}

TEST(InputUrlRules, TakeThePublicInternetByHttpsOnly) {
    const InputUrlRules rules;
    EXPECT_EQ(verdict(rules, "https://a.example/", "93.184.216.34"), "");
    EXPECT_EQ(verdict(rules, "https://a.example/", "2606:4700::1111"), "");
    EXPECT_EQ(verdict(rules, "https://93.184.216.34/", "93.184.216.34"), "");
    EXPECT_EQ(verdict(rules, "https://[2606:4700::1111]/", "2606:4700::1111"), "");
    EXPECT_EQ(verdict(rules, "http://a.example/", "93.184.216.34"), "The URL does not begin with https://.");
    EXPECT_EQ(verdict(rules, "https://a.example:8443/", "93.184.216.34"),
              "The URL has a port that is not allowed.");
    EXPECT_EQ(verdict(rules, "https://a.example/", "10.0.0.1"),
              "The host of the URL is not on the public Internet.");
    EXPECT_EQ(verdict(rules, "https://10.0.0.1/", "10.0.0.1"),
              "The host of the URL is not on the public Internet.");
}

TEST(InputUrlRules, WithHttpTakePort80Too) {
    InputUrlRules rules;
    rules.http = true;
    EXPECT_EQ(verdict(rules, "http://a.example/", "93.184.216.34"), "");
    EXPECT_NE(verdict(rules, "http://a.example:443/", "93.184.216.34"), "");
    EXPECT_NE(verdict(rules, "http://a.example:22/", "93.184.216.34"), "");
    EXPECT_NE(verdict(rules, "https://a.example:80/", "93.184.216.34"), "");
    EXPECT_NE(verdict(rules, "http://a.example/", "127.0.0.1"), "");
}

TEST(InputUrlRules, RefuseNamesThatAreNotOfTheInternetBeforeAskingWhatTheyMean) {
    for (const auto* const host :
         {"localhost", "foo.localhost", "ip6-localhost", "metadata", "metadata.google.internal",
          "kubernetes.default.svc", "a.svc.cluster.local", "printer.local", "x.localdomain", "nas.lan",
          "a.home", "router.home.arpa", "1.0.0.127.in-addr.arpa", "intranet", "wiki.corp",
          "vault.service.consul"}) {
        const auto url = parse_input_url(std::string("https://") + host + "/");
        ASSERT_TRUE(url) << host;
        EXPECT_TRUE(refuse_url(*url, {})) << host;
        EXPECT_TRUE(refuse_url(*url, allowing("10.0.0.0/8"))) << host;
        EXPECT_FALSE(refuse_url(*url, allowing(host))) << host;
    }
}

TEST(InputUrlRules, LetAnAllowedHostBePrivateAtTheAllowedPort) {
    const auto rules = allowing("files.internal:9000, minio");
    EXPECT_EQ(verdict(rules, "http://files.internal:9000/x", "10.1.2.3"), "");
    EXPECT_EQ(verdict(rules, "https://FILES.internal:9000/x", "127.0.0.1"), "");
    EXPECT_NE(verdict(rules, "http://files.internal/x", "10.1.2.3"), "");
    EXPECT_NE(verdict(rules, "http://files.internal:9001/x", "10.1.2.3"), "");
    EXPECT_NE(verdict(rules, "http://x.files.internal:9000/x", "10.1.2.3"), "");
    EXPECT_NE(verdict(rules, "http://xfiles.internal:9000/x", "10.1.2.3"), "");
    EXPECT_EQ(verdict(rules, "http://minio/x", "172.17.0.2"), "");
    EXPECT_EQ(verdict(rules, "http://minio:9000/x", "172.17.0.2"), "");
    EXPECT_NE(verdict(rules, "http://minio.example:9000/x", "93.184.216.34"), "");
}

TEST(InputUrlRules, LetAnAllowedNetworkBeReachedByAnyNameAndPort) {
    const auto rules = allowing("10.0.0.0/8,fd00::/8,127.0.0.1");
    EXPECT_EQ(verdict(rules, "http://10.1.2.3:9000/", "10.1.2.3"), "");
    EXPECT_EQ(verdict(rules, "http://files.example:9000/", "10.1.2.3"), "");
    EXPECT_EQ(verdict(rules, "http://[fd00::1]/", "fd00::1"), "");
    EXPECT_EQ(verdict(rules, "http://127.0.0.1:1/", "127.0.0.1"), "");
    EXPECT_NE(verdict(rules, "http://127.0.0.2:1/", "127.0.0.2"), "");
    EXPECT_NE(verdict(rules, "http://[::ffff:a01:203]/", "::ffff:10.1.2.3"), "");
    // The name of an allowed network stays bound to it: elsewhere the ordinary rules hold.
    EXPECT_NE(verdict(rules, "http://files.example:9000/", "93.184.216.34"), "");
    EXPECT_NE(verdict(rules, "http://files.example/", "93.184.216.34"), "");
    EXPECT_EQ(verdict(rules, "https://files.example/", "93.184.216.34"), "");
}

TEST(InputUrlRules, NeverLeadBackToThisServer) {
    InputUrlRules rules;
    rules.own_names = {"darkroom.example"};
    rules.own_addresses = {*IpAddress::parse("93.184.216.34")};
    EXPECT_EQ(verdict(rules, "https://darkroom.example/", "8.8.8.8"), "The URL leads back to this server.");
    EXPECT_EQ(verdict(rules, "https://other.example/", "93.184.216.34"),
              "The URL leads back to this server.");
    EXPECT_EQ(verdict(rules, "https://93.184.216.34/", "93.184.216.34"),
              "The URL leads back to this server.");
    EXPECT_EQ(verdict(rules, "https://other.example/", "93.184.216.35"), "");
    rules.hosts = {{"darkroom.example", 9000}};
    EXPECT_EQ(verdict(rules, "https://darkroom.example:9000/", "93.184.216.34"), "");
}

TEST(InputUrlAllowList, IsReadEntryByEntry) {
    const auto rules = parse_input_url_allow(
        " 10.0.0.0/8,files.internal:9000 ,\tMinio, [::1]:80, [fd00:0::1] ,192.168.1.5:81,");
    ASSERT_TRUE(rules);
    ASSERT_EQ(rules->networks.size(), 1u);
    EXPECT_EQ(rules->networks[0].str(), "10.0.0.0/8");
    const std::vector<HostPort> hosts{{"files.internal", 9000},
                                      {"minio", std::nullopt},
                                      {"::1", 80},
                                      {"fd00::1", std::nullopt},
                                      {"192.168.1.5", 81}};
    EXPECT_EQ(rules->hosts, hosts);
    EXPECT_FALSE(rules->http);
    ASSERT_TRUE(parse_input_url_allow(""));
    EXPECT_TRUE(parse_input_url_allow(" , ,")->hosts.empty());
}

TEST(InputUrlAllowList, GetsOneSentenceForEachWrongEntry) {
    const auto wrong = parse_input_url_allow(
        "10.0.0.1/8, ok.example, *.internal, http://a.example, a.example:0, [10.0.0.1], a b, 10.0.0.0/33");
    ASSERT_FALSE(wrong);
    ASSERT_EQ(wrong.error().size(), 7u);
    EXPECT_EQ(wrong.error()[0],
              "\"10.0.0.1/8\" is not a network (10.0.0.0/8), an address, a host name or host:port.");
    EXPECT_EQ(wrong.error()[1].substr(0, 12), "\"*.internal\"");
}

}  // namespace
}  // namespace darkroom::core
