#include "intake/label.h"

#include <gtest/gtest.h>

namespace darkroom::intake {
namespace {

using namespace std::string_literals;

TEST(Label, AnHonestNameStays) {
    EXPECT_EQ(label_of("shoe.jpg"), "shoe.jpg");
    EXPECT_EQ(label_of("IMG 2041 (1).HEIC"), "IMG 2041 (1).HEIC");
}

TEST(Label, PathTricksBecomeHarmless) {
    EXPECT_EQ(label_of("../../etc/passwd"), "passwd");
    EXPECT_EQ(label_of("C:\\x\\photo.png"), "photo.png");
    EXPECT_EQ(label_of("\\\\?\\C:\\x"), "x");
    EXPECT_EQ(label_of("//host/x"), "x");
    EXPECT_EQ(label_of("out.png/"), "picture");
    EXPECT_EQ(label_of("/"), "picture");
    EXPECT_EQ(label_of(""), "picture");
    EXPECT_EQ(label_of(" "), "picture");
    EXPECT_EQ(label_of("."), "picture");
    EXPECT_EQ(label_of("..."), "picture");
    EXPECT_EQ(label_of(".htaccess"), "htaccess");
    EXPECT_EQ(label_of("-rf"), "rf");
}

// Whatever the list of hostile names holds: what comes out is 1 to 128 plain bytes and begins as no option
// and no hidden file does.
TEST(Label, IsPlainWhateverTheNameIs) {
    for (const auto& name : {"../x"s,
                             "..\\x"s,
                             "/etc/passwd"s,
                             "/workspace/..%2f..%2fetc"s,
                             "file:///etc/passwd"s,
                             "s3://other/x"s,
                             "out.png/../../y"s,
                             "./out.png"s,
                             "out//x.png"s,
                             "out.png%00.txt"s,
                             "a\0b.png"s,
                             "a\nb"s,
                             "\x1b[31m"s,
                             std::string(255, 'n'),
                             std::string(65'536, 'n'),
                             std::string(65'536, '.'),
                             "..;/x"s,
                             "%2e%2e/"s,
                             "%252e%252e/"s,
                             "..%c0%af"s,
                             "\xef\xbc\x8e\xef\xbc\x8e\xef\xbc\x8f"s,
                             "\xe2\x80\xaegnp.exe"s,
                             "e\xcc\x81.png"s,
                             "CON"s,
                             "x.png.php"s,
                             "x.png;.js"s,
                             "<img src=x onerror=1>.png"s,
                             "\"; filename=\"y"s,
                             "a\r\nX: y"s}) {
        const auto label = label_of(name);
        EXPECT_FALSE(label.empty());
        EXPECT_LE(label.size(), 128u);
        EXPECT_EQ(
            label.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ()+,"),
            std::string::npos)
            << label;
        EXPECT_EQ(std::string_view(".- ").find(label.front()), std::string_view::npos) << label;
    }
    EXPECT_EQ(label_of("a\r\nX: y.png"), "a__X_ y.png");
    EXPECT_EQ(label_of("a\0b.png"s), "a_b.png");
}

}  // namespace
}  // namespace darkroom::intake
