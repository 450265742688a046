// Several inputs: a mask by its name or place, of the right size, and none that nobody looks at.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace darkroom::api::testing {
namespace {

class JobInputs : public ApiTest {
protected:
    Told create(const std::string& mask, const std::string& second, const std::string& more = {}) {
        return post_job(R"({"type":"object_remove","params":{"region":)" + mask +
                        R"(},"inputs":[{"upload":")" + ready_upload() + "\"}" + second + "]" + more + "}");
    }
    std::string input(const std::string& upload, const std::string& name = {}) {
        return R"(,{"upload":")" + upload + "\"" + (name.empty() ? "" : R"(,"name":")" + name + "\"") + "}";
    }
};

TEST_F(JobInputs, AMaskIsTheInputOfThatName) {
    ASSERT_EQ(create(R"({"mask":"wires"})", input(ready_upload("m.png"), "wires")).status, 201);
    ASSERT_EQ(store.jobs[0].inputs.size(), 2u);
    EXPECT_EQ(store.jobs[0].inputs[0].name, "shoe.png");
    EXPECT_EQ(store.jobs[0].inputs[1].name, "wires");
    EXPECT_EQ(store.orders[0].uploads.size(), 2u);
    EXPECT_EQ(create(R"({"mask":"m.png"})", input(ready_upload("m.png"))).status, 201)
        << "its own name counts";
}

TEST_F(JobInputs, TheSecondInputIsAMaskWithoutAnyName) {
    const auto told = create(R"({"mask":"mask"})", input(ready_upload("whatever.png")));
    ASSERT_EQ(told.status, 201) << told.text;
    EXPECT_EQ(told.at("/inputs/1/name"), "mask");
}

TEST_F(JobInputs, AMaskThatIsNotThereIsRefused) {
    EXPECT_EQ(create(R"({"mask":"mask"})", "").at("/code"), "input_missing");
    const auto told = create(R"({"mask":"wires"})", input(ready_upload("m.png")));
    EXPECT_EQ(told.status, 422);
    EXPECT_EQ(told.at("/pointer"), "/params/region/mask");
    EXPECT_EQ(told.at("/code"), "input_missing");
    EXPECT_EQ(create(R"({"mask":"shoe.png"})", input(ready_upload("m.png"))).at("/code"), "input_missing")
        << "the picture itself is no mask";
    EXPECT_TRUE(store.jobs.empty());
}

TEST_F(JobInputs, AMaskOfAnotherSizeIsRefusedBeforeAnyWork) {
    const auto told = create(R"({"mask":"mask"})", input(ready_upload("m.png", 48, 64)));
    EXPECT_EQ(told.status, 422);
    EXPECT_EQ(told.at("/code"), "mask_size_mismatch");
    EXPECT_EQ(told.at("/detail"),
              "The mask has 48 x 64 pixels, and the picture 64 x 48; they must be of the same size.");
    EXPECT_TRUE(store.jobs.empty());
}

TEST_F(JobInputs, AnInputThatNobodyLooksAtIsRefused) {
    const auto told = create(R"({"boxes":[[0,0,1,1]]})", input(ready_upload("m.png")));
    EXPECT_EQ(told.status, 422);
    EXPECT_EQ(told.at("/code"), "input_unused");
    EXPECT_EQ(told.at("/pointer"), "/inputs/1/upload");
    const auto third =
        create(R"({"mask":"mask"})", input(ready_upload("m.png")) + input(ready_upload("n.png")));
    EXPECT_EQ(third.at("/pointer"), "/inputs/2/upload");
    EXPECT_TRUE(store.jobs.empty());
}

TEST_F(JobInputs, AnUnknownUploadIsNamedWhereverItStands) {
    const auto told = create(R"({"mask":"mask"})", input("33333333-3333-4333-8333-333333333333"));
    EXPECT_EQ(told.at("/code"), "upload_not_found");
    EXPECT_TRUE(store.jobs.empty());
}

}  // namespace
}  // namespace darkroom::api::testing
