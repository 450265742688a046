#include "core/ip_address.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::core {
namespace {

TEST(IpAddress, IsReadFromItsStrictFormOnly) {
    for (const auto* const text :
         {"0.0.0.0", "1.2.3.4", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8",
          "0:0:0:0:0:0:0:1", "0000::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "FE80::A", "1::8",
          "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"})
        EXPECT_TRUE(IpAddress::parse(text)) << text;
    for (const auto* const text : {"",
                                   " ",
                                   ".",
                                   "1",
                                   "1.2",
                                   "1.2.3",
                                   "1.2.3.4.",
                                   ".1.2.3.4",
                                   "1.2.3.4.5",
                                   "1..2.3",
                                   "256.0.0.1",
                                   "01.2.3.4",
                                   "1.2.3.04",
                                   "0x7f.0.0.1",
                                   "127.1",
                                   "2130706433",
                                   "1.2.3.4 ",
                                   " 1.2.3.4",
                                   "+1.2.3.4",
                                   "-1.2.3.4",
                                   "1.2.3.a",
                                   "1000.2.3.4",
                                   "1.2.3.4/8",
                                   "127.0.0.1%",
                                   ":",
                                   ":::",
                                   "1:::2",
                                   "::1::",
                                   "1:2:3:4:5:6:7",
                                   "1:2:3:4:5:6:7:8:9",
                                   "1:2:3:4::5:6:7:8",
                                   "12345::",
                                   "g::",
                                   "::1%lo",
                                   "[::1]",
                                   "::1 ",
                                   "::+1",
                                   "::-1",
                                   "::0x1",
                                   "1:2:3:4:5:6:7:1.2.3.4",
                                   "::1.2.3.4:1",
                                   "1.2.3.4::",
                                   "::1.2.3",
                                   "::01.2.3.4",
                                   ":1",
                                   "1:",
                                   ":1:2:3:4:5:6:7:8",
                                   "1:2:3:4:5:6:7:8:",
                                   "::1.2.3.256"})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    EXPECT_FALSE(IpAddress::parse(std::string(100'000, ':')));
    EXPECT_FALSE(IpAddress::parse(std::string(100'000, '1')));
    EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, IsWrittenAsRfc5952Says) {
    const std::pair<const char*, const char*> cases[] = {
        {"1.2.3.4", "1.2.3.4"},
        {"::", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1::", "1::"},
        {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of two equal runs
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group alone stays
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
        {"::ffff:127.0.0.1", "::ffff:7f00:1"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"00ab:0:0:0:0:0:0:0", "ab::"}};
    for (const auto& [text, written] : cases) EXPECT_EQ(IpAddress::parse(text)->str(), written) << text;
}

TEST(IpAddress, ReadBackFromItsTextIsTheSame) {
    std::mt19937 random(1);
    for (int i = 0; i < 5'000; ++i) {
        std::array<std::uint8_t, 16> bytes{};
        for (auto& byte : bytes) byte = random() % 2 == 0 ? 0 : static_cast<std::uint8_t>(random());
        const auto v6 = IpAddress::v6(bytes);
        ASSERT_EQ(IpAddress::parse(v6.str()), v6) << v6.str();
        const auto v4 = IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
        ASSERT_EQ(IpAddress::parse(v4.str()), v4) << v4.str();
    }
}

TEST(IpNetwork, ContainsItsAddressesAndNoOthers) {
    struct Case {
        const char *network, *first, *last, *before, *after;
    };
    for (const auto& [network, first, last, before, after] :
         {Case{"10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
          Case{"100.64.0.0/10", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
          Case{"192.168.7.128/25", "192.168.7.128", "192.168.7.255", "192.168.7.127", "192.168.8.0"},
          Case{"1.2.3.4", "1.2.3.4", "1.2.3.4", "1.2.3.3", "1.2.3.5"},
          Case{"fc00::/7", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fbff::", "fe00::"},
          Case{"2001:db8::/33", "2001:db8::", "2001:db8:7fff::", "2001:db7:ffff::", "2001:db8:8000::"}}) {
        const auto read = IpNetwork::parse(network);
        ASSERT_TRUE(read) << network;
        EXPECT_TRUE(read->contains(*IpAddress::parse(first))) << network;
        EXPECT_TRUE(read->contains(*IpAddress::parse(last))) << network;
        EXPECT_FALSE(read->contains(*IpAddress::parse(before))) << network;
        EXPECT_FALSE(read->contains(*IpAddress::parse(after))) << network;
        EXPECT_EQ(read->str(), network);
    }
    // A v4 network never lets the same address in by way of v6.
    EXPECT_FALSE(IpNetwork::parse("10.0.0.0/8")->contains(*IpAddress::parse("::ffff:10.0.0.1")));
    EXPECT_FALSE(IpNetwork::parse("0.0.0.0/0")->contains(*IpAddress::parse("::1")));
    EXPECT_TRUE(IpNetwork::parse("::/0")->contains(*IpAddress::parse("::1")));
}

TEST(IpNetwork, IsReadFromItsStrictFormOnly) {
    for (const auto* const text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
                                   "10.0.0.1/8", "10.0.0.0/8/8", "10.0.0.0/ 8", "10/8", "fc00::/129",
                                   "fc00::1/7", "[fc00::]/7", "files.internal/8", "10.0.0.0/255.0.0.0"})
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
}

// Each special network is tried at its first and last address and at both neighbours outside it, so that a
// wrong prefix length shows.
TEST(PublicAddress, IsNothingOfTheSpecialRegistriesOfV4) {
    struct Case {
        const char *first, *last, *before, *after;  // nullptr: the neighbour is not public either
    };
    for (const auto& [first, last, before, after] :
         {Case{"0.0.0.0", "0.255.255.255", nullptr, "1.0.0.0"},
          Case{"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
          Case{"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
          Case{"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
          Case{"168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"},
          Case{"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
          Case{"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
          Case{"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
          Case{"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
          Case{"192.31.196.0", "192.31.196.255", "192.31.195.255", "192.31.197.0"},
          Case{"192.52.193.0", "192.52.193.255", "192.52.192.255", "192.52.194.0"},
          Case{"192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"},
          Case{"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
          Case{"192.175.48.0", "192.175.48.255", "192.175.47.255", "192.175.49.0"},
          Case{"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
          Case{"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
          Case{"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
          Case{"224.0.0.0", "239.255.255.255", "223.255.255.255", nullptr},
          Case{"240.0.0.0", "255.255.255.255", nullptr, nullptr}}) {
        EXPECT_FALSE(is_public(*IpAddress::parse(first))) << first;
        EXPECT_FALSE(is_public(*IpAddress::parse(last))) << last;
        if (before != nullptr) {
            EXPECT_TRUE(is_public(*IpAddress::parse(before))) << before;
        }
        if (after != nullptr) {
            EXPECT_TRUE(is_public(*IpAddress::parse(after))) << after;
        }
    }
}

TEST(PublicAddress, IsNothingOfTheSpecialRegistriesOfV6) {
    for (const auto* const text : {"::",
                                   "::1",
                                   "64:ff9b:1::",
                                   "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
                                   "100::",
                                   "100::ffff:ffff:ffff:ffff",
                                   "100:0:0:1::1",
                                   "2001::",
                                   "2001:1::1",
                                   "2001:1::2",
                                   "2001:1::3",
                                   "2001:2::",
                                   "2001:3::",
                                   "2001:4:112::",
                                   "2001:10::",
                                   "2001:20::",
                                   "2001:30::",
                                   "2001:1ff:ffff::",
                                   "2001:db8::",
                                   "2001:db8:ffff::",
                                   "2002::",
                                   "2620:4f:8000::",
                                   "2620:4f:8000:ffff::",
                                   "3fff::",
                                   "3fff:fff:ffff::",
                                   "5f00::",
                                   "fc00::",
                                   "fd00:ec2::254",
                                   "fdff:ffff::",
                                   "fe80::1",
                                   "febf::1",
                                   "fec0::1",
                                   "ff00::",
                                   "ff02::1",
                                   "ffff::",
                                   "1fff:ffff::",
                                   "4000::",
                                   "1::1",
                                   "8000::1"})
        EXPECT_FALSE(is_public(*IpAddress::parse(text))) << text;
    for (const auto* const text :
         {"2000::", "2001:200::1", "2001:db7::1", "2001:db9::1", "2001:4860:4860::8888", "2003::1",
          "2606:4700::1111", "2620:4f:7fff::1", "2620:4f:8001::1", "2a00:1450::1", "3ffe::1", "3fff:1000::1"})
        EXPECT_TRUE(is_public(*IpAddress::parse(text))) << text;
}

TEST(PublicAddress, NeverCarriesAV4Address) {
    for (const std::string v4 : {"127.0.0.1", "169.254.169.254", "10.0.0.1", "8.8.8.8"}) {
        for (const std::string prefix : {"::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::",
                                         "2a00:1450::5efe:", "2a00:1450::200:5efe:", "fe80::5efe:"})
            EXPECT_FALSE(is_public(*IpAddress::parse(prefix + v4))) << prefix << v4;
    }
    for (const auto* const text : {"2002:7f00:1::", "2002:808:808::1", "2001:0:7f00:1::80ff:fffe"})
        EXPECT_FALSE(is_public(*IpAddress::parse(text))) << text;
}

}  // namespace
}  // namespace darkroom::core
