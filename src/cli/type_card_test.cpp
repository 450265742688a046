#include "cli/type_card.h"

#include <gmock/gmock.h>

#include <boost/json/value.hpp>

#include "base/json.h"

namespace darkroom::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines(const std::string& schema) {
    return param_lines(parse_json(schema)->get_object());
}

TEST(TypeCard, SaysWhatEachParamMayBe) {
    EXPECT_THAT(lines(R"({"properties":{
                    "edges":{"type":"string","enum":["auto","hard","fine"],"default":"auto","description":"Outlines."},
                    "tolerance":{"type":"number","minimum":0,"maximum":60,"default":8},
                    "target":{"type":"integer","minimum":512,"maximum":4096,"default":2048},
                    "crop":{"type":"boolean","default":false},
                    "key":{"type":"string","x-expected":"auto, or a colour as #RRGGBB","default":"auto"},
                    "recipe":{"type":["string","null"],"default":null},
                    "roi":{"type":"array","items":{"type":"number","minimum":0,"maximum":1}}}})"),
                ElementsAre("  edges                  auto, hard or fine; default auto", "      Outlines.",
                            "  tolerance              0..60; default 8",
                            "  target                 512..4096, whole; default 2048",
                            "  crop                   true or false; default false",
                            "  key                    auto, or a colour as #RRGGBB; default auto",
                            "  recipe                 string or null; default null",
                            "  roi                    […] of 0..1"));
}

TEST(TypeCard, ObjectsAreFlattenedToWhatIsTyped) {
    EXPECT_THAT(
        lines(R"({"properties":{"halo":{"description":"Edges.","default":{},"anyOf":[{"type":"boolean"},
                    {"type":"object","properties":{"mode":{"enum":["off","auto"],"default":"auto"}}}]}}})"),
        ElementsAre("  halo                   true or false, or several as below", "      Edges.",
                    "  halo.mode              off or auto; default auto"));
}

TEST(TypeCard, StrangeSchemasAreSurvived) {
    EXPECT_THAT(lines("{}"), IsEmpty());
    EXPECT_THAT(lines(R"({"properties":[1]})"), IsEmpty());
    EXPECT_THAT(lines(R"({"properties":{"a":7,"b":{}}})"), ElementsAre("  b                      "));
    std::string deep = "{}";
    for (int i = 0; i < 12; ++i) deep.insert(0, R"({"properties":{"a":)").append("}}");
    EXPECT_LE(lines(deep).size(), 6u);
    EXPECT_EQ(lines(R"({"properties":{"x":{"description":"\u001b[2J"}}})")[1].find('\x1b'),
              std::string::npos);
}

}  // namespace
}  // namespace darkroom::cli
