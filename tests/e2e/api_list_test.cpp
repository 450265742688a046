// Lists: filters, and walks by cursor that miss nothing and show nothing twice while jobs are added.
#include <gtest/gtest.h>

#include <set>

#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

std::vector<std::string> ids_of(const boost::json::value& page) {
    std::vector<std::string> ids;
    for (const auto& job : items_at(page, "/jobs")) ids.push_back(text_at(job, "/id"));
    return ids;
}

TEST(ApiList, AWalkByCursorIsStableWhileJobsAreAdded) {
    const ServerProcess server;
    const auto client = server.client();
    const auto upload = client.upload(disc_png(32, 32));
    std::vector<std::string> made;
    made.reserve(13);
    for (int i = 0; i < 13; ++i) made.push_back(client.create("jpeg_to_png", "{}", upload));

    std::vector<std::string> walked;
    std::string cursor;
    do {
        const auto reply = client.get("/api/v1/jobs?limit=4" + (cursor.empty() ? "" : "&cursor=" + cursor));
        ASSERT_EQ(reply.status, 200) << reply.body();
        const auto page = reply.json();
        const auto ids = ids_of(page);
        EXPECT_LE(ids.size(), 4u);
        walked.insert(walked.end(), ids.begin(), ids.end());
        cursor = text_at(page, "/next_cursor");
        (void)client.create("jpeg_to_png", "{}", upload);  // newer than all that was listed
    } while (!cursor.empty());
    const std::vector<std::string> newest_first(made.rbegin(), made.rend());
    EXPECT_EQ(walked, newest_first);
}

TEST(ApiList, FiltersSelect) {
    const ServerProcess server;
    const auto client = server.client();
    const auto upload = client.upload(disc_png(32, 32));
    const auto keyed = client.create("jpeg_to_png", "{}", upload);
    const auto larger = client.create("upscale_2k", R"({"target":512})", upload);
    const auto between = text_at(client.ended_job(larger), "/created_at");
    (void)client.ended_job(keyed);

    const auto listed = [&](const std::string& query) {
        const auto reply = client.get("/api/v1/jobs?" + query);
        EXPECT_EQ(reply.status, 200) << reply.body();
        const auto ids = ids_of(reply.json());
        return std::set<std::string>(ids.begin(), ids.end());
    };
    using Ids = std::set<std::string>;
    EXPECT_EQ(listed("type=upscale_2k"), Ids{larger});
    EXPECT_EQ(listed("status=SUCCEEDED"), (Ids{keyed, larger}));
    EXPECT_EQ(listed("status=FAILED,CANCELLED"), Ids{});
    EXPECT_EQ(listed("status=SUCCEEDED,FAILED&type=jpeg_to_png"), Ids{keyed});
    EXPECT_TRUE(listed("created_gte=" + between).count(larger) == 1);
    EXPECT_TRUE(listed("created_lt=" + between).count(larger) == 0);
    EXPECT_EQ(listed("created_gte=2999-01-01T00:00:00Z"), Ids{});
}

TEST(ApiList, WrongFiltersAndForeignCursorsAreRefused) {
    const ServerProcess server;
    const auto client = server.client();
    const auto upload = client.upload(disc_png(32, 32));
    for (int i = 0; i < 3; ++i) (void)client.create("jpeg_to_png", "{}", upload);
    for (const std::string query :
         {"limit=0", "limit=201", "limit=x", "limit=-1", "limit=99999999999999999999", "status=DONE",
          "status=", "status=QUEUED,", "created_gte=yesterday", "user_id=%2F..%2F", "colour=red"}) {
        SCOPED_TRACE(query);
        expect_problem(client.get("/api/v1/jobs?" + query), 400, "bad_filter");
    }
    const auto cursor = text_at(client.get("/api/v1/jobs?limit=1").json(), "/next_cursor");
    ASSERT_FALSE(cursor.empty());
    EXPECT_EQ(client.get("/api/v1/jobs?limit=2&cursor=" + cursor).status, 200);
    auto changed = cursor;
    changed[3] = changed[3] == 'A' ? 'B' : 'A';
    for (const std::string& query : {"type=jpeg_to_png&cursor=" + cursor, "cursor=" + changed,
                                     std::string("cursor=nonsense"), "cursor=" + std::string(3'000, 'A')}) {
        SCOPED_TRACE(query.substr(0, 80));
        expect_problem(client.get("/api/v1/jobs?" + query), 400, "bad_cursor");
    }
}

}  // namespace
}  // namespace darkroom::e2e
