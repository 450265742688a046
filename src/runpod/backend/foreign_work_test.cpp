// Orders to foreign workers through the whole backend: what is sent, where inputs and outputs are, and what
// stays on the volume.
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "runpod/backend/serverless_fixture.h"
#include "runpod/protocol/base64.h"
#include "tests/support/picture_headers.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/scripted_web.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::ObjectKey;
using ports::RefusalRule;
using testing::answered;
using ::testing::HasSubstr;
using ::testing::Not;

class ForeignWorkTest : public testing::ServerlessFixture {
protected:
    ServerlessSettings foreign(const std::string& worker) {
        auto told = settings();
        told.worker = worker;
        return told;
    }
    /// A recipe with one workflow: 78 loads, 60 saves the result, 61 another picture.
    MakeWorkflow recipe(const std::string& worker = "auto") {
        return [this, worker](const ports::WorkOrder&, const std::vector<std::string>& names)
                   -> Result<std::optional<recipes::OrderGraph>, core::JobError> {
            asked_names = names;
            recipes::OrderGraph made;
            made.graph_json = R"({"78":{"class_type":"LoadImage","inputs":{"image":")" + names.at(0) +
                              R"("}},"60":{"class_type":"SaveImage","inputs":{"filename_prefix":"x"}},)"
                              R"("61":{"class_type":"SaveImage","inputs":{"filename_prefix":"y"}}})";
            made.role_of_node = {{"60", "main"}};
            made.worker = worker;
            return std::optional(std::move(made));
        };
    }
    boost::json::value sent_input() const {
        const auto input = parse_json(sent().input_json, 32u << 20);
        EXPECT_TRUE(input.ok());
        return input ? *input : boost::json::value();
    }
    static std::string text(const boost::json::value& value, const char* pointer) {
        boost::system::error_code error;
        const auto* found = value.find_pointer(pointer, error);
        return found != nullptr && found->is_string() ? std::string(found->as_string()) : "(none)";
    }
    std::string job_file() const { return "job_" + sample.job.str() + ".jpg"; }
    std::string own(const std::string& role) const {
        return sample.prefix() + "/" + role + "-" + sample.attempt.str() + "_00001_.png";
    }
    ports::RemoteResult told(ServerlessBackend& backend, const std::string& output) {
        api.answers({answered(200, R"({"id":"r-1-u1","status":"COMPLETED","output":)" + output + "}")});
        const auto look = backend.look(sample.task());
        EXPECT_TRUE(look.ok() && look->result);
        return look && look->result ? *look->result : ports::RemoteResult{};
    }
    static std::string read(ServerlessBackend& backend, const ports::RemoteFile& file) {
        const auto reader = backend.open_output(file);
        if (!reader) return "(" + reader.error().detail + ")";
        std::string all;
        std::string buffer(7, '\0');
        for (;;) {
            const auto got = (*reader)->read(buffer);
            if (!got || *got == 0) return got ? all : "(broke off)";
            all.append(buffer, 0, *got);
        }
    }

    std::vector<std::string> asked_names;
    InputCopies copies{bucket, volume};
};

TEST_F(ForeignWorkTest, AWorkflowGoesWithItsInputOnTheVolumeAndNamesThatAreTheAttemptsOwn) {
    ServerlessBackend backend(foreign("auto"), bucket, &copies, api, clock, random);
    backend.make_workflows_by(recipe());
    api.answers({taken});
    ASSERT_TRUE(std::holds_alternative<ports::SubmitTaken>(backend.submit(order())));
    const auto input = sent_input();
    EXPECT_EQ(text(input, "/workflow_api/78/inputs/image"), job_file());
    EXPECT_EQ("outputs/" + text(input, "/workflow_api/60/inputs/filename_prefix") + "_00001_.png",
              own("main"));
    EXPECT_THAT(text(input, "/workflow_api/61/inputs/filename_prefix"), HasSubstr("/n61-"));
    EXPECT_TRUE(volume.holds(ObjectKey::worker_input(sample.job, "jpg")));
    EXPECT_EQ(sent().webhook, "https://darkroom.example/webhooks/runpod-completion?token=tok-en_1");
    EXPECT_EQ(input.as_object().size(), 1u) << "nothing that such a worker does not know";
}

TEST_F(ForeignWorkTest, WhereLoadImageLooksCanBeTold) {
    auto told = foreign("volume_files");
    told.layout.input_prefix = "/runpod-volume/inputs/";
    ServerlessBackend backend(told, bucket, &copies, api, clock, random);
    backend.make_workflows_by(recipe("worker_comfyui"));
    api.answers({taken});
    (void)backend.submit(order());
    EXPECT_EQ(text(sent_input(), "/workflow_api/78/inputs/image"), "/runpod-volume/inputs/" + job_file())
        << "the endpoint knows its workers better than the recipe";
}

TEST_F(ForeignWorkTest, PicturesTravelInsideTheOrderWhereThereIsNoVolumeOrTheRecipeSaysSo) {
    ServerlessBackend without(foreign("auto"), bucket, nullptr, api, clock, random);
    without.make_workflows_by(recipe());
    ServerlessBackend by_recipe(foreign("auto"), bucket, &copies, api, clock, random);
    by_recipe.make_workflows_by(recipe("worker_comfyui"));
    api.answers({taken});
    for (auto* backend : {&without, &by_recipe})
        ASSERT_TRUE(std::holds_alternative<ports::SubmitTaken>(backend->submit(order())));
    for (const std::size_t i : {0u, 1u}) {
        const auto input = *parse_json(sent(i).input_json);
        EXPECT_EQ(text(input, "/workflow/78/inputs/image"), job_file());
        EXPECT_EQ(text(input, "/images/0/name"), job_file());
        EXPECT_EQ(text(input, "/images/0/image"), to_base64("pixels of a shoe"));
        EXPECT_EQ(text(input, "/workflow_api"), "(none)");
    }
    EXPECT_TRUE(volume.objects.empty());
}

TEST_F(ForeignWorkTest, AFolderAsStorageIsEnoughForWorkersThatTakePicturesInside) {
    const testing::SampleJob here(folder);
    ServerlessBackend backend(foreign("worker_comfyui"), folder, nullptr, api, clock, random);
    backend.make_workflows_by(recipe());
    EXPECT_FALSE(backend.trouble());
    api.answers({taken});
    auto one = order();
    one.work.inputs = {here.image};
    EXPECT_TRUE(std::holds_alternative<ports::SubmitTaken>(backend.submit(one)));
    EXPECT_TRUE(ServerlessBackend(foreign("auto"), folder, nullptr, api, clock, random).trouble());
}

TEST_F(ForeignWorkTest, APictureTooLargeForAnOrderIsToldBeforeAnythingIsSent) {
    for (const std::size_t bytes : {std::size_t{7'860'000}, std::size_t{12} << 20}) {
        const testing::SampleJob large(bucket, std::string(bytes, 'x'), 3);
        ServerlessBackend backend(foreign("worker_comfyui"), bucket, nullptr, api, clock, random);
        backend.make_workflows_by(recipe());
        auto one = order();
        one.work.inputs = {large.image};
        const auto refused = refusal(backend.submit(one));
        EXPECT_EQ(refused.rule, RefusalRule::give_up);
        EXPECT_EQ(refused.error.code, ErrorCode::input_too_large);
        EXPECT_THAT(refused.error.message, HasSubstr("10 MB"));
    }
    EXPECT_TRUE(api.requests().empty());
}

TEST_F(ForeignWorkTest, AnInputThatChangedOrIsGoneIsNotSent) {
    ServerlessBackend backend(foreign("worker_comfyui"), bucket, nullptr, api, clock, random);
    backend.make_workflows_by(recipe());
    auto one = order();
    one.work.inputs[0].sha256 = std::string(64, 'b');
    EXPECT_EQ(refusal(backend.submit(one)).error.code, ErrorCode::input_changed);
    bucket.objects.clear();
    EXPECT_EQ(refusal(backend.submit(order())).error.code, ErrorCode::input_missing);
    bucket.broken["open"] = ports::ObjectErrorKind::unavailable;
    EXPECT_EQ(refusal(backend.submit(order())).rule, RefusalRule::again_later);
    EXPECT_TRUE(api.requests().empty());
}

TEST_F(ForeignWorkTest, WhatIsBuiltInGoesToDarkroomsWorkersAndToNoOthers) {
    const auto built_in = [](const ports::WorkOrder&, const std::vector<std::string>&) {
        return Result<std::optional<recipes::OrderGraph>, core::JobError>(std::nullopt);
    };
    api.answers({taken});
    for (const auto* worker : {"auto", "darkroom"}) {
        ServerlessBackend backend(foreign(worker), bucket, &copies, api, clock, random);
        backend.make_workflows_by(built_in);
        ASSERT_TRUE(std::holds_alternative<ports::SubmitTaken>(backend.submit(order())));
        EXPECT_TRUE(parse_work_payload(sent(api.requests().size() - 1).input_json).ok());
    }
    ServerlessBackend backend(foreign("volume_files"), bucket, &copies, api, clock, random);
    backend.make_workflows_by(built_in);
    const auto refused = refusal(backend.submit(order()));
    EXPECT_EQ(refused.rule, RefusalRule::give_up);
    EXPECT_EQ(refused.error.code, ErrorCode::workflow_rejected);
    EXPECT_EQ(api.requests().size(), 2u);
}

TEST_F(ForeignWorkTest, DarkroomsOwnWorkersGetAWorkflowInTheirPayloadWithItsClaim) {
    ServerlessBackend backend(foreign("darkroom"), bucket, &copies, api, clock, random);
    backend.make_workflows_by(recipe("worker_comfyui"));
    api.answers({taken});
    ASSERT_TRUE(std::holds_alternative<ports::SubmitTaken>(backend.submit(order())));
    const auto payload = parse_work_payload(sent().input_json);
    ASSERT_TRUE(payload.ok()) << payload.error().detail;
    EXPECT_THAT(payload->workflow_json, HasSubstr(job_file()));
    EXPECT_EQ(payload->inputs.at(0).name, job_file());
    EXPECT_EQ(payload->role_of_node.at("60"), "main");
    EXPECT_TRUE(payload->fence);
    EXPECT_FALSE(payload->outputs.empty());
}

TEST_F(ForeignWorkTest, WhatARecipeCannotMakeEndsTheAttemptWithItsWords) {
    ServerlessBackend backend(foreign("auto"), bucket, &copies, api, clock, random);
    backend.make_workflows_by(
        [](const ports::WorkOrder&,
           const std::vector<std::string>&) -> Result<std::optional<recipes::OrderGraph>, core::JobError> {
            return Fail(core::JobError{ErrorCode::params_invalid, "no seed"});
        });
    EXPECT_EQ(refusal(backend.submit(order())).error, (core::JobError{ErrorCode::params_invalid, "no seed"}));
    for (const auto* graph : {"[]", "{", R"({"1":{"inputs":{}}})"}) {
        backend.make_workflows_by([&](const ports::WorkOrder&, const std::vector<std::string>&) {
            recipes::OrderGraph made;
            made.graph_json = graph;
            made.role_of_node = {{"60", "main"}};
            return Result<std::optional<recipes::OrderGraph>, core::JobError>(std::optional(made));
        });
        EXPECT_EQ(refusal(backend.submit(order())).error.code, ErrorCode::workflow_rejected) << graph;
    }
    ServerlessBackend none(foreign("volume_files"), bucket, nullptr, api, clock, random);
    none.make_workflows_by(recipe());
    EXPECT_EQ(refusal(none.submit(order())).error.code, ErrorCode::workflow_rejected) << "no volume";
    EXPECT_TRUE(api.requests().empty());
}

TEST_F(ForeignWorkTest, FilesOnTheVolumeAreReadAndAllOfThemAreRemovedInTheEnd) {
    ServerlessBackend backend(foreign("auto"), bucket, &copies, api, clock, random);
    backend.make_workflows_by(recipe());
    api.answers({taken});
    (void)backend.submit(order());
    volume.objects[own("main")] = "the picture";
    volume.objects[own("n61")] = "another";
    volume.objects["outputs/renamed.png"] = "elsewhere";
    volume.objects["outputs/somebody-elses.png"] = "not ours";
    auto result = told(backend, R"({"files":["/workspace/)" + own("main") + R"("],"file_count":1})");
    EXPECT_EQ(read(backend, result.files.at(0)), "the picture");
    result = told(backend, R"({"files":["/workspace/outputs/renamed.png"],"file_count":1})");
    EXPECT_EQ(read(backend, result.files.at(0)), "elsewhere");
    backend.clear(sample.job, sample.attempt);
    EXPECT_EQ(volume.objects.size(), 1u);
    EXPECT_TRUE(volume.objects.contains("outputs/somebody-elses.png"));
}

TEST_F(ForeignWorkTest, AFileToldWithoutItsFolderIsFoundInTheAttemptsOwn) {
    ServerlessBackend backend(foreign("auto"), bucket, &copies, api, clock, random);
    volume.objects[own("main")] = "the picture";
    const auto name = own("main").substr(own("main").rfind('/') + 1);
    auto result = told(backend, R"({"files":["/workspace/outputs/)" + name + R"("],"file_count":1})");
    EXPECT_EQ(read(backend, result.files.at(0)), "the picture");
    result = told(backend, R"({"files":["/workspace/outputs/nowhere.png"],"file_count":1})");
    EXPECT_EQ(read(backend, result.files.at(0)), "(not there)");
}

TEST_F(ForeignWorkTest, WhatARemoteJobLeftOnTheVolumeIsFoundWithoutAnyReport) {
    ServerlessBackend backend(foreign("auto"), bucket, &copies, api, clock, random);
    auto found = backend.find_outputs(sample.job, sample.attempt);
    ASSERT_TRUE(found.ok());
    EXPECT_FALSE(*found);
    volume.objects[own("main")] = "";
    EXPECT_FALSE(*backend.find_outputs(sample.job, sample.attempt)) << "an empty file is none";
    volume.objects[own("main")] = "the picture";
    found = backend.find_outputs(sample.job, sample.attempt);
    ASSERT_TRUE(found.ok() && *found);
    EXPECT_EQ(read(backend, (*found)->files.at(0)), "the picture");
    volume.broken["list"] = ports::ObjectErrorKind::unavailable;
    EXPECT_FALSE(backend.find_outputs(sample.job, sample.attempt).ok()) << "later is not never";
}

TEST_F(ForeignWorkTest, PicturesInsideAnswersAreDecodedAndLargeOnesFitIn) {
    ServerlessBackend backend(foreign("auto"), bucket, nullptr, api, clock, random);
    const auto bytes = darkroom::testing::png_header(8, 6, 6'000'000);
    const auto result = told(
        backend, R"({"images":[{"filename":"a.png","type":"base64","data":")" + to_base64(bytes) + R"("}]})");
    EXPECT_EQ(read(backend, result.files.at(0)), bytes);
}

TEST_F(ForeignWorkTest, LinksAreFetchedBehindTheGuardAndWithoutOneNotAtAll) {
    const std::string url = "https://bucket.example/a.png?X-Amz-Signature=secret";
    const auto answer = R"({"images":[{"filename":"a.png","type":"s3_url","data":")" + url + R"("}]})";
    darkroom::testing::ScriptedWeb web;
    darkroom::testing::ScriptedResolver resolver;
    web.set(url, {.headers = {{"content-length", "7"}}, .body = "a photo"});
    resolver.set("bucket.example", {"93.184.216.34"});
    ServerlessBackend backend(foreign("auto"), bucket, nullptr, api, clock, random);
    const auto file = told(backend, answer).files.at(0);
    EXPECT_THAT(read(backend, file), HasSubstr("fetches nothing"));
    const LinkReader links(web, resolver, clock, {});
    backend.read_links_by(links);
    EXPECT_EQ(read(backend, file), "a photo");
    ASSERT_EQ(web.requests().size(), 1u);
    EXPECT_EQ(web.requests()[0].connect_address, "93.184.216.34") << "nobody looks the name up again";
    resolver.set("bucket.example", {"93.184.216.34", "10.0.0.1"});
    EXPECT_THAT(read(backend, file), Not(HasSubstr("secret")));
    EXPECT_EQ(web.requests().size(), 1u) << "nothing was connected to";
}

}  // namespace
}  // namespace darkroom::runpod
