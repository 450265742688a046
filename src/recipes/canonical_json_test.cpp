#include "recipes/canonical_json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <limits>

namespace darkroom::recipes {
namespace {

std::string canonical(const char* text) {
    return canonical_json(with_whole_numbers(boost::json::parse(text)));
}

TEST(CanonicalJson, WhatMeansTheSameIsTheSameText) {
    EXPECT_EQ(canonical(R"( { "b" : 1.0 , "a" : { "d":[ ] , "c":{} } } )"), R"({"a":{"c":{},"d":[]},"b":1})");
    EXPECT_EQ(canonical(R"({"B":1,"a":2,"A":3,"":4})"), R"({"":4,"A":3,"B":1,"a":2})");
    EXPECT_EQ(canonical("[8, 8.0, 8e0, 0.8e1, -0.0, 0]"), "[8,8,8,8,0,0]");
}

TEST(CanonicalJson, NumbersKeepTheirValueInTheirShortestForm) {
    EXPECT_EQ(canonical("[0.1, 0.35, 1e-7, 1e300, -0.3]"), "[0.1,0.35,1e-07,1e+300,-0.3]");
    EXPECT_EQ(canonical("[9007199254740991, -9223372036854775808, 18446744073709551615]"),
              "[9007199254740991,-9223372036854775808,18446744073709551615]");
    EXPECT_EQ(canonical("9007199254740992.0"), "9007199254740992");
    EXPECT_EQ(canonical("1e19"), "1e+19");
    for (const double number : {0.1, 1.0 / 3, 5e-324, std::numeric_limits<double>::max()}) {
        EXPECT_EQ(boost::json::parse(canonical_json(boost::json::value(number))).as_double(), number);
    }
}

TEST(CanonicalJson, StringsComeBackAsTheyWere) {
    const auto value = boost::json::parse(R"(["\"\\\n\u0001ä€😀", true, false, null])");
    EXPECT_EQ(boost::json::parse(canonical_json(value)), value);
}

}  // namespace
}  // namespace darkroom::recipes
