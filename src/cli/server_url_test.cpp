#include "cli/server_url.h"

#include <gtest/gtest.h>

namespace darkroom::cli {
namespace {

TEST(ServerUrl, OnlyPlainAddressesAreServers) {
    EXPECT_EQ(normal_server_url("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
    EXPECT_EQ(normal_server_url("HTTPS://host/darkroom//"), "HTTPS://host/darkroom");
    for (const auto* text :
         {"", "http://", "http:///", "host:8080", "ftp://host", "http://:8080", "http://user:pw@host",
          "http://host?x=1", "http://host#a", "http://ho st", "http://host\r\nX: y", "file:///etc/passwd"}) {
        EXPECT_EQ(normal_server_url(text), std::nullopt) << text;
    }
}

TEST(ServerUrl, LinksAreResolvedAgainstTheServer) {
    EXPECT_EQ(resolve_link("http://h:1/base", "/files/a?sig=x"), "http://h:1/files/a?sig=x");
    EXPECT_EQ(resolve_link("http://h:1/base", "files/a"), "http://h:1/base/files/a");
    EXPECT_EQ(resolve_link("http://h:1", "https://bucket.example/a?X-Amz=1"),
              "https://bucket.example/a?X-Amz=1");
    for (const auto* link : {"", "//evil/a", "file:///etc/passwd", "javascript:x", "/a b", "/a\nb"}) {
        EXPECT_EQ(resolve_link("http://h:1", link), std::nullopt) << link;
    }
}

TEST(ServerUrl, LoopbackIsRecognisedExactly) {
    for (const auto* url : {"http://127.0.0.1:8080", "http://127.9.9.9", "http://localhost:1/x",
                            "https://[::1]:8080", "http://[::1]"}) {
        EXPECT_TRUE(is_loopback(url)) << url;
    }
    for (const auto* url : {"http://127.evil.example", "http://localhost.evil.example", "http://10.0.0.1",
                            "http://a@127.0.0.1", "http://[::1]evil", "http://1127.0.0.1"}) {
        EXPECT_FALSE(is_loopback(url)) << url;
    }
}

}  // namespace
}  // namespace darkroom::cli
