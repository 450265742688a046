// A name from a client is a label and nothing else.
#include "api/uploads.h"

#include <gtest/gtest.h>

namespace darkroom::api {
namespace {

TEST(Uploads, AnHonestNameStays) {
    EXPECT_EQ(label_of("shoe.jpg"), "shoe.jpg");
    EXPECT_EQ(label_of("IMG 2041 (1).HEIC"), "IMG 2041 (1).HEIC");
}

TEST(Uploads, PathTricksBecomeHarmlessLabels) {
    EXPECT_EQ(label_of("../../etc/passwd"), "passwd");
    EXPECT_EQ(label_of("C:\\x\\photo.png"), "photo.png");
    EXPECT_EQ(label_of("/"), "picture");
    EXPECT_EQ(label_of(""), "picture");
    EXPECT_EQ(label_of("."), "picture");
    EXPECT_EQ(label_of(".."), "picture");
    EXPECT_EQ(label_of(".htaccess"), "htaccess");
    EXPECT_EQ(label_of("-rf"), "rf");
    EXPECT_EQ(label_of("a\r\nX: y.png"), "a__X_ y.png");
    EXPECT_EQ(label_of(std::string("a\0b.png", 7)), "a_b.png");
    EXPECT_EQ(label_of("<img src=x onerror=1>.png").find('<'), std::string::npos);
    EXPECT_EQ(label_of("\"; filename=\"y").find('"'), std::string::npos);
    EXPECT_EQ(label_of(std::string(70'000, 'n')).size(), 128u);
}

}  // namespace
}  // namespace darkroom::api
