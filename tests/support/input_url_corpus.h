// URLs with which somebody might talk Darkroom into asking its own network: notations, ranges, names and
// parser tricks, by the numbers of docs' list. None may ever be connected to; what the names mean,
// set_up_names() says. Redirects and replies (Z-101 to Z-112) need a server and are tests of their own.
#pragma once
#include <string>
#include <vector>

#include "tests/support/scripted_resolver.h"

namespace darkroom::testing {

struct HostileUrl {
    int number;
    std::string url;
};

/// `own_name` is this host's.
inline std::vector<HostileUrl> hostile_urls(const std::string& own_name) {
    return {
        // Literals and notations.
        {1, "http://127.0.0.1/"},
        {2, "http://127.0.0.2:8080/"},
        {3, "http://127.255.255.254/"},
        {4, "http://127.1/"},
        {5, "http://127.0.1/"},
        {6, "http://0/"},
        {7, "http://0.0.0.0/"},
        {8, "http://2130706433/"},
        {9, "http://017700000001/"},
        {10, "http://0177.0.0.1/"},
        {11, "http://0x7f000001/"},
        {12, "http://0x7f.0.0.1/"},
        {13, "http://0x7f.1/"},
        {14, "http://00127.0.0.1/"},
        {15, "http://127.0.0.1./"},
        {16, "http://127.0.0.1%2e/"},
        {17, "http://127\xe3\x80\x82\x30\xe3\x80\x82\x30\xe3\x80\x82\x31/"},
        {18, "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/"},
        {19, "http://4294967296/"},
        {20, "http://256.0.0.1/"},
        // Ranges.
        {21, "http://10.0.0.1/"},
        {22, "http://10.255.255.255/"},
        {23, "http://172.16.0.1/"},
        {24, "http://172.31.255.254/"},
        {25, "http://192.168.0.1/"},
        {26, "http://100.64.0.1/"},
        {27, "http://100.127.255.255/"},
        {28, "http://169.254.169.254/latest/meta-data/"},
        {29, "http://169.254.170.2/v2/credentials"},
        {30, "http://2852039166/"},
        {31, "http://0xa9fea9fe/"},
        {32, "http://192.0.0.192/"},
        {33, "http://192.0.2.1/"},
        {34, "http://198.18.0.1/"},
        {35, "http://198.51.100.7/"},
        {36, "http://203.0.113.9/"},
        {37, "http://224.0.0.1/"},
        {38, "http://239.255.255.250:1900/"},
        {39, "http://240.0.0.1/"},
        {40, "http://255.255.255.255/"},
        {41, "http://192.88.99.1/"},
        {42, "http://100.100.100.200/"},
        // IPv6.
        {43, "http://[::1]/"},
        {44, "http://[::]/"},
        {45, "http://[0:0:0:0:0:0:0:1]/"},
        {46, "http://[0000::1]/"},
        {47, "http://[::ffff:127.0.0.1]/"},
        {48, "http://[::ffff:7f00:1]/"},
        {49, "http://[::127.0.0.1]/"},
        {50, "http://[::ffff:169.254.169.254]/"},
        {51, "http://[::ffff:a9fe:a9fe]/"},
        {52, "http://[::ffff:0:127.0.0.1]/"},
        {53, "http://[64:ff9b::7f00:1]/"},
        {54, "http://[64:ff9b::169.254.169.254]/"},
        {55, "http://[64:ff9b:1::7f00:1]/"},
        {56, "http://[2002:7f00:1::]/"},
        {57, "http://[2002:a9fe:a9fe::1]/"},
        {58, "http://[2001:0:7f00:1::80ff:fffe]/"},
        {59, "http://[fe80::1]/"},
        {60, "http://[fe80::1%25lo]/"},
        {61, "http://[fe80::5efe:7f00:1]/"},
        {62, "http://[fc00::1]/"},
        {63, "http://[fd00:ec2::254]/"},
        {64, "http://[ff02::1]/"},
        {65, "http://[2001:db8::1]/"},
        {66, "http://[100::1]/"},
        // Names.
        {67, "http://localhost/"},
        {68, "http://LOCALHOST/"},
        {69, "http://localhost./"},
        {70, "http://foo.localhost/"},
        {71, "http://ip6-localhost/"},
        {72, "http://metadata.google.internal/"},
        {73, "http://metadata/"},
        {74, "http://kubernetes.default.svc/"},
        {75, "http://loopback-v4.example/"},
        {76, "http://loopback-v6.example/"},
        {77, "http://public-and-private.example/"},
        {78, "http://rebinding.example/"},
        {79, "http://alias-of-localhost.example/"},
        {80, "http://" + own_name + "/"},
        {80, "http://own.example/"},
        // Parser tricks and schemes.
        {81, "http://good.example@127.0.0.1/"},
        {82, "http://127.0.0.1#@good.example/"},
        {83, "http://127.0.0.1\\@good.example/"},
        {84, "http://good.example:80\\@127.0.0.1/"},
        {85, "http://good.example&@127.0.0.1/"},
        {86, "http://127.0.0.1:80:80/"},
        {87, "http:127.0.0.1/"},
        {88, "http:///127.0.0.1/"},
        {89, "http://127.0.0.1%00.good.example/"},
        {90, "http://good.example%0d%0aHost:%20127.0.0.1/"},
        {91, "http://[::1]good.example/"},
        {92, "http://127.0.0.1:0/"},
        {93, "http://good.example:22/"},
        {94, "http://good.example:6379/"},
        {95, "file:///etc/passwd"},
        {96, "gopher://127.0.0.1:6379/_x"},
        {97, "dict://127.0.0.1:11211/"},
        {98, "ftp://127.0.0.1/"},
        {99, "unix:/run/x.sock"},
        {100, "data:image/png;base64,AAAA"},
    };
}

/// The names above as an attacker's DNS would have them; good.example is honest and public.
inline void set_up_names(ScriptedResolver& resolver, const std::string& own_name) {
    const ScriptedResolver::Addresses loopback{"127.0.0.1", "::1"};
    for (const auto* const name : {"localhost", "foo.localhost", "ip6-localhost", "own.example"})
        resolver.set(name, loopback);
    resolver.set(own_name, loopback);
    resolver.set("metadata", {"169.254.169.254"});
    resolver.set("metadata.google.internal", {"169.254.169.254"});
    resolver.set("kubernetes.default.svc", {"10.96.0.1"});
    resolver.set("loopback-v4.example", {"127.0.0.1"});
    resolver.set("loopback-v6.example", {"::1"});
    resolver.set("public-and-private.example", {"93.184.216.34", "127.0.0.1"});
    resolver.set_in_turn("rebinding.example", {{"127.0.0.1"}, {"93.184.216.34", "::1"}});
    resolver.set_alias("alias-of-localhost.example", "localhost");
    resolver.set("good.example", {"93.184.216.34"});
}

}  // namespace darkroom::testing
