#include "runpod/protocol/worker_urls.h"

#include <gtest/gtest.h>

namespace darkroom::runpod {
namespace {

const WorkerUrlTemplates official = {"http://h:1/v2/ep/job-take/$ID?gpu=LOCAL",
                                     "http://h:1/v2/ep/job-done/$RUNPOD_POD_ID/$ID?gpu=LOCAL",
                                     "http://h:1/v2/ep/job-stream/$RUNPOD_POD_ID/$ID?gpu=LOCAL",
                                     "http://h:1/v2/ep/ping/$RUNPOD_POD_ID?gpu=LOCAL"};

WorkerUrls made(const WorkerUrlTemplates& templates, const WorkerIdentity& identity = {"w1", "NVIDIA RTX"}) {
    auto urls = WorkerUrls::make(templates, identity);
    EXPECT_TRUE(urls.ok()) << (urls.ok() ? "" : urls.error().detail);
    return *std::move(urls);
}

TEST(WorkerUrls, AreThoseOfTheOfficialWorker) {
    const auto urls = made(official);
    const auto job = *RemoteJobId::parse("job-u1");
    EXPECT_EQ(urls.take(false), "http://h:1/v2/ep/job-take/w1?gpu=LOCAL&job_in_progress=0");
    EXPECT_EQ(urls.take(true), "http://h:1/v2/ep/job-take/w1?gpu=LOCAL&job_in_progress=1");
    EXPECT_EQ(urls.take_batch(3, true),
              "http://h:1/v2/ep/job-take-batch/w1?gpu=LOCAL&batch_size=3&job_in_progress=1");
    EXPECT_EQ(urls.stop(), "http://h:1/v2/ep/job-stop/w1?gpu=LOCAL");
    EXPECT_EQ(urls.done(job), "http://h:1/v2/ep/job-done/w1/job-u1?gpu=LOCAL&isStream=false");
    EXPECT_EQ(urls.done(job, true), "http://h:1/v2/ep/job-done/w1/job-u1?gpu=LOCAL&isStream=true");
    EXPECT_EQ(urls.stream(job), "http://h:1/v2/ep/job-stream/w1/job-u1?gpu=LOCAL&isStream=false");
    EXPECT_EQ(urls.ping("runpod_version=1"), "http://h:1/v2/ep/ping/w1?gpu=LOCAL&runpod_version=1");
}

TEST(WorkerUrls, PutRightWhatTheOfficialWorkerWouldGetWrong) {
    const auto urls = made({"http://h/job-take/$RUNPOD_POD_ID", "http://h/done/$RUNPOD_POD_ID/$ID", "",
                            "http://h/ping/$ID?gpu=$RUNPOD_GPU_TYPE_ID"},
                           {"w 1/x", "NVIDIA GeForce RTX 4090"});
    EXPECT_EQ(urls.take(false), "http://h/job-take/w%201%2Fx?job_in_progress=0");
    EXPECT_EQ(urls.done(*RemoteJobId::parse("a")), "http://h/done/w%201%2Fx/a?isStream=false");
    EXPECT_EQ(urls.stream(*RemoteJobId::parse("a")), std::nullopt);
    EXPECT_EQ(urls.ping("x=1"), "http://h/ping/w%201%2Fx?gpu=NVIDIA%20GeForce%20RTX%204090&x=1");
}

TEST(WorkerUrls, HaveNoBatchAndNoStopWhereTheyCannotBeDerived) {
    auto urls = made({"http://h/take/$ID?x=/job-take/", "http://h/done/$ID", "", ""});
    EXPECT_EQ(urls.take_batch(2, false), std::nullopt);
    EXPECT_EQ(urls.stop(), std::nullopt);
    EXPECT_EQ(urls.ping("x=1"), std::nullopt);
    urls = made({"http://h/job-take/v2/job-take/$ID", "http://h/done/$ID", "", ""});
    EXPECT_EQ(urls.stop(), "http://h/job-take/v2/job-stop/w1?");
}

TEST(WorkerUrls, RefuseTemplatesThatAreNoUrl) {
    const std::string good = "http://h/x/$ID";
    for (const std::string& bad :
         {std::string("h/x"), std::string("ftp://h/"), std::string("http://"), std::string("http://h/a b"),
          std::string("http://h/\r\n"), std::string("http://h/#x"), "http://h/" + std::string(5000, 'x')}) {
        SCOPED_TRACE(bad.substr(0, 40));
        EXPECT_FALSE(WorkerUrls::make({bad, good, "", ""}, {"w", ""}).ok());
        EXPECT_FALSE(WorkerUrls::make({good, bad, "", ""}, {"w", ""}).ok());
        EXPECT_FALSE(WorkerUrls::make({good, good, bad, ""}, {"w", ""}).ok());
        EXPECT_FALSE(WorkerUrls::make({good, good, "", bad}, {"w", ""}).ok());
    }
    EXPECT_FALSE(WorkerUrls::make({"", good, "", ""}, {"w", ""}).ok());
    EXPECT_FALSE(WorkerUrls::make({good, "", "", ""}, {"w", ""}).ok());
    EXPECT_FALSE(WorkerUrls::make({good, good, "", ""}, {"", ""}).ok());
}

}  // namespace
}  // namespace darkroom::runpod
