// The signatures are AWS's own: those of the test suite for Signature Version 4 (published in
// awslabs/aws-c-auth, tests/aws-signing-test-suite/v4; each row names its case) and those worked out in the
// Amazon S3 API Reference, "Authenticating Requests". Cases that normalise paths are not here: S3 does not.
#include "objects/s3/sigv4.h"

#include <gtest/gtest.h>

#include "base/percent.h"

namespace darkroom::objects {
namespace {

constexpr const char* suite_secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr const char* empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const std::string suite_time = "20150830T123600Z";
const SigningScope suite_scope{"20150830", "us-east-1", "service"};

struct SuiteCase {
    const char* name;
    const char* method;
    std::string path;
    ports::HttpFields query;
    ports::HttpFields headers;  // beside Host and X-Amz-Date
    const char* signature;
    std::string body = {};
};

const SuiteCase header_cases[] = {
    {"get-vanilla", "GET", "/", {}, {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-with-session-token",
     "GET",
     "/",
     {},
     {{"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     {},
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    // Folded over three lines, which the suite reads as three values; what is sent here holds no line ends.
    {"get-header-value-multiline",
     "GET",
     "/",
     {},
     {{"My-Header1", "value1"}, {"My-Header1", "value2"}, {"My-Header1", "value3"}},
     "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790"},
    {"get-header-value-order",
     "GET",
     "/",
     {},
     {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim",
     "GET",
     "/",
     {},
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-relative-unnormalized",
     "GET",
     "/example/..",
     {},
     {},
     "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
    {"get-relative-relative-unnormalized",
     "GET",
     "/example1/example2/../..",
     {},
     {},
     "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
    {"get-slash-dot-slash-unnormalized",
     "GET",
     "/./",
     {},
     {},
     "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
    {"get-slash-pointless-dot-unnormalized",
     "GET",
     "/./example",
     {},
     {},
     "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"},
    {"get-slash-unnormalized",
     "GET",
     "//",
     {},
     {},
     "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e"},
    {"get-slashes-unnormalized",
     "GET",
     "//example//",
     {},
     {},
     "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
    {"get-space-unnormalized",
     "GET",
     "/example space/",
     {},
     {},
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-unreserved",
     "GET",
     std::string("/") + unreserved,
     {},
     {},
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/\u1234",
     {},
     {},
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     {{"Param1", "value1"}},
     {},
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-order-encoded",
     "GET",
     "/",
     {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\u1234", "Value1"}},
     {},
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {},
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     {{unreserved, unreserved}},
     {},
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     {{"\u1234", "bar"}},
     {},
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"post-sts-header-after",
     "POST",
     "/",
     {},
     {},
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-query",
     "POST",
     "/",
     {{"Param1", "value1"}},
     {},
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {},
     {{"Content-Type", "application/x-www-form-urlencoded"},
      {"Content-Length", "13"},
      {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
     "Param1=value1"},
};

RequestToSign request_of(const SuiteCase& one) {
    RequestToSign request{one.method, one.path, one.query, one.headers, to_hex(sha256(one.body))};
    request.headers.emplace_back("Host", "example.amazonaws.com");
    return request;
}

TEST(SigV4, HeadersAreSignedAsInAwssTestSuite) {
    const auto key = signing_key(suite_secret, suite_scope);
    for (const auto& one : header_cases) {
        SCOPED_TRACE(one.name);
        auto request = request_of(one);
        request.headers.emplace_back("X-Amz-Date", suite_time);
        const auto value = authorization(request, suite_time, suite_scope, "AKIDEXAMPLE", key);
        EXPECT_TRUE(value.ends_with(std::string("Signature=") + one.signature)) << value << "\n"
                                                                                << canonical_request(request);
        EXPECT_TRUE(
            value.starts_with("AWS4-HMAC-SHA256 "
                              "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                              "SignedHeaders="))
            << value;
    }
}

const SuiteCase query_cases[] = {
    {"get-utf8",
     "GET",
     "/\u1234",
     {},
     {},
     "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"},
    {"get-slashes-unnormalized",
     "GET",
     "//example//",
     {},
     {},
     "822a5a9ba28072c5ab2bb4a6307d0c88276d40e49fec6b724c03fb4d4ba60fc2"},
    {"get-unreserved",
     "GET",
     std::string("/") + unreserved,
     {},
     {},
     "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {},
     "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     {{"\u1234", "bar"}},
     {},
     "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
};

TEST(SigV4, UrlsArePresignedAsInAwssTestSuite) {
    const auto key = signing_key(suite_secret, suite_scope);
    for (const auto& one : query_cases) {
        SCOPED_TRACE(one.name);
        const auto query =
            presigned_query(request_of(one), {suite_time, "AKIDEXAMPLE", "", 3600}, suite_scope, key);
        EXPECT_TRUE(query.ends_with(std::string("&X-Amz-Signature=") + one.signature)) << query;
    }
}

TEST(SigV4, TheCanonicalRequestIsTheOneOfAwssTestSuite) {
    RequestToSign request{"GET", "/", {}, {}, empty_hash};
    request.headers = {{"Host", "example.amazonaws.com"},
                       {"x-amz-security-token", "6e86291e8372ff2a2260956d9b8aae1d763fbf31"}};
    request.query = {{"X-Amz-SignedHeaders", "host;x-amz-security-token"}, {"X-Amz-Expires", "3600"}};
    EXPECT_EQ(canonical_request(request),
              "GET\n/\nX-Amz-Expires=3600&X-Amz-SignedHeaders=host%3Bx-amz-security-token\n"
              "host:example.amazonaws.com\n"
              "x-amz-security-token:6e86291e8372ff2a2260956d9b8aae1d763fbf31\n\n"
              "host;x-amz-security-token\n" +
                  std::string(empty_hash));
}

// --- the worked examples of the S3 documentation --------------------------------------------------------

constexpr const char* s3_secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const std::string s3_time = "20130524T000000Z";
const SigningScope s3_scope{"20130524", "us-east-1", "s3"};

std::string s3_authorization(RequestToSign request) {
    request.headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
    request.headers.emplace_back("x-amz-content-sha256", request.payload_hash);
    request.headers.emplace_back("x-amz-date", s3_time);
    const auto key = signing_key(s3_secret, s3_scope);
    return authorization(request, s3_time, s3_scope, "AKIAIOSFODNN7EXAMPLE", key);
}

TEST(SigV4, TheExamplesOfTheS3DocumentationComeOutAsPrinted) {
    EXPECT_EQ(s3_authorization({"GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, empty_hash}),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_TRUE(s3_authorization({"PUT",
                                  "/test$file.text",
                                  {},
                                  {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                   {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                                  to_hex(sha256("Welcome to Amazon S3."))})
                    .ends_with("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
    EXPECT_TRUE(s3_authorization({"GET", "/", {{"lifecycle", ""}}, {}, empty_hash})
                    .ends_with("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
    EXPECT_TRUE(s3_authorization({"GET", "/", {{"max-keys", "2"}, {"prefix", "J"}}, {}, empty_hash})
                    .ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SigV4, ThePresignedUrlOfTheS3DocumentationComesOutAsPrinted) {
    RequestToSign request{"GET", "/test.txt", {}, {{"Host", "examplebucket.s3.amazonaws.com"}}, ""};
    request.payload_hash = unsigned_payload;
    EXPECT_EQ(presigned_query(request, {s3_time, "AKIAIOSFODNN7EXAMPLE", "", 86400}, s3_scope,
                              signing_key(s3_secret, s3_scope)),
              "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
              "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
              "X-Amz-SignedHeaders=host&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

// --- odd keys -------------------------------------------------------------------------------------------

TEST(SigV4, OddKeysAreEncodedOnceAndNeverNormalised) {
    const std::pair<const char*, const char*> keys[] = {
        {"/a b", "/a%20b"},       {"/a+b", "/a%2Bb"},
        {"/100%", "/100%25"},     {"/%20", "/%2520"},
        {"/a//b", "/a//b"},       {"/a/./b/../c", "/a/./b/../c"},
        {"/\u00fc", "/%C3%BC"},   {"/!*'()&=$@,;:?#[]", "/%21%2A%27%28%29%26%3D%24%40%2C%3B%3A%3F%23%5B%5D"},
        {"/\x7f\x01", "/%7F%01"}, {"/a~b_c-d.e", "/a~b_c-d.e"},
    };
    for (const auto& [key, encoded] : keys) EXPECT_EQ(percent_encode(key, true), encoded);
    EXPECT_EQ(percent_encode("a/b", false), "a%2Fb");
}

TEST(SigV4, AParameterWithoutAValueIsSignedAndSentWithAnEqualsSign) {
    EXPECT_EQ(canonical_query({{"uploads", ""}, {"prefix", "a b/ü"}, {"a", "2"}, {"a", "1"}}),
              "a=1&a=2&prefix=a%20b%2F%C3%BC&uploads=");
}

TEST(SigV4, ASessionTokenTravelsInThePresignedQueryAndIsSigned) {
    const RequestToSign request{"GET", "/k", {}, {{"Host", "h"}}, std::string(unsigned_payload)};
    const auto key = signing_key(s3_secret, s3_scope);
    const auto with = presigned_query(request, {s3_time, "AKIA", "to/ken+", 60}, s3_scope, key);
    const auto without = presigned_query(request, {s3_time, "AKIA", "", 60}, s3_scope, key);
    EXPECT_NE(with.find("&X-Amz-Security-Token=to%2Fken%2B&"), std::string::npos) << with;
    EXPECT_NE(with.substr(with.size() - 64), without.substr(without.size() - 64));
}

TEST(SigV4, TheTimeIsThatOfTheRequestInWholeSeconds) {
    EXPECT_EQ(signing_time(*parse_rfc3339("2015-08-30T12:36:00.999Z")), suite_time);
}

}  // namespace
}  // namespace darkroom::objects
