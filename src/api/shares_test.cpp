// Operators see who waits and say how much of the work is done for whom.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace darkroom::api::testing {
namespace {

using ports::HttpMethod;
using ::testing::HasSubstr;

const std::string users = "/api/v1/admin/users";
const std::string share = "/api/v1/admin/users/{user}/share";

class Shares : public ApiTest {
protected:
    Told put(const std::string& body, const std::string& key = admin) {
        return call(HttpMethod::put, share, key, {}, body, {"ann@shop.example"});
    }
    Told show(const std::string& user, const std::string& key = admin) {
        return call(HttpMethod::get, share, key, {}, {}, {user});
    }
};

TEST_F(Shares, AreKeptAndShown) {
    const auto told = put(R"({"weight":2,"inflight_max":4})");
    ASSERT_EQ(told.status, 200) << told.text;
    EXPECT_EQ(told.text, R"({"user_id":"ann@shop.example","weight":2,"inflight_max":4})");
    EXPECT_EQ(show("ann@shop.example").text, told.text);
    EXPECT_EQ(show("bob").text, R"({"user_id":"bob","weight":1,"inflight_max":null})");
    EXPECT_EQ(put(R"({"inflight_max":null})").at("/inflight_max"), "null");
    EXPECT_EQ(show("ann@shop.example").at("/weight"), "1") << "what is left out is as if never set";
    EXPECT_EQ(put("{}").status, 200);
    EXPECT_EQ(put(R"({"weight":100,"inflight_max":1000000})").status, 200);
}

TEST_F(Shares, AreForAdminsAndRefuseWhatMakesNoSense) {
    EXPECT_EQ(put("{}", "a user's key").status, 403);
    EXPECT_EQ(show("ann", "nobody's").status, 401);
    EXPECT_EQ(call(HttpMethod::get, users, "a user's key").status, 403);
    for (const auto* body :
         {"", "{", "[]", "7", "null", R"({"weight":0})", R"({"weight":-1})", R"({"weight":101})",
          R"({"weight":"2"})", R"({"weight":1.5})", R"({"weight":null})", R"({"inflight_max":0})",
          R"({"inflight_max":1000001})", R"({"inflight_max":99999999999999999999})",
          R"({"inflight_max":true})", R"({"wieght":2})", R"({"user_id":"bob"})"})
        EXPECT_GE(put(body).status, 400) << body;
    EXPECT_TRUE(store.shares.empty());
    EXPECT_THAT(put(R"({"wieght":2})").text, HasSubstr("weight"));
    EXPECT_EQ(put(R"({"weight":0})").at("/errors/0/pointer"), "/weight");
}

TEST_F(Shares, UsersAreToldPageByPage) {
    for (const auto* name : {"ann", "bob", "cid"})
        store.users.push_back({{*UserId::parse(name), 2, {}}, 5, 1});
    const auto first = call(HttpMethod::get, users, admin, {{"limit", "2"}});
    ASSERT_EQ(first.status, 200) << first.text;
    EXPECT_EQ(first.at("/users/1/user_id"), "bob");
    EXPECT_EQ(first.at("/users/0/waiting"), "5");
    EXPECT_EQ(first.at("/users/0/at_work"), "1");
    EXPECT_EQ(first.at("/next_cursor"), "bob");
    const auto second = call(HttpMethod::get, users, admin, {{"limit", "2"}, {"cursor", "bob"}});
    EXPECT_EQ(second.at("/users/0/user_id"), "cid");
    EXPECT_EQ(second.at("/users/1"), "(none)");
    EXPECT_EQ(second.at("/next_cursor"), "null");
    for (const auto& [name, value] : ports::HttpFields{{"limit", "0"},
                                                       {"limit", "1001"},
                                                       {"limit", "x"},
                                                       {"cursor", ""},
                                                       {"cursor", "a b"},
                                                       {"user", "ann"}})
        EXPECT_EQ(call(HttpMethod::get, users, admin, {{name, value}}).status, 400) << name << "=" << value;
}

}  // namespace
}  // namespace darkroom::api::testing
