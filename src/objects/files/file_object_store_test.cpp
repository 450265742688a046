// What the folder store promises beyond the suite in tests/conformance: where files lie, what is never
// followed, what is cleaned.
#include "objects/files/file_object_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/conformance/object_bytes.h"

namespace darkroom::objects {
namespace {

namespace fs = std::filesystem;
using conformance::numbered;
using conformance::pattern;
using conformance::put_bytes;
using conformance::read_all;
using core::ObjectKey;
using ports::ObjectErrorKind;

const ObjectKey upload = ObjectKey::uploaded(numbered<UploadId>(1), "jpg");
const ObjectKey output = ObjectKey::restored(numbered<JobId>(1), numbered<AttemptId>(1), "main", "png");

class FileObjectStoreTest : public testing::Test {
protected:
    FileObjectStoreTest() {
        std::string name = (fs::temp_directory_path() / "darkroom-files-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
        folder = name;
        root = folder / "objects";
    }
    ~FileObjectStoreTest() override {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }

    std::unique_ptr<FileObjectStore> opened() {
        auto store = FileObjectStore::open(root);
        EXPECT_TRUE(store.ok());
        return std::move(store).value();
    }
    std::size_t temporary_files() {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(root / ".tmp"), {}));
    }
    fs::path written(const fs::path& file, const std::string& bytes) {
        std::ofstream(file, std::ios::binary) << bytes;
        return file;
    }

    fs::path folder;
    fs::path root;
};

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

TEST_F(FileObjectStoreTest, ObjectsLieUnderTheirKeysAndOnlyTheirOwnerMayReadThem) {
    const auto store = opened();
    ASSERT_TRUE(put_bytes(*store, upload, "picture").ok());
    ASSERT_TRUE(store->put_file(output, written(folder / "out.png", "result")).ok());
    for (const auto& key : {upload, output}) {
        struct stat status {};
        ASSERT_EQ(::stat((root / key.str()).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777u, 0600u);
    }
    struct stat status {};
    ASSERT_EQ(::stat(root.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0700u);
    EXPECT_EQ(temporary_files(), 0u);
}

TEST_F(FileObjectStoreTest, ObjectsSurviveTheStore) {
    ASSERT_TRUE(put_bytes(*opened(), upload, "picture").ok());
    EXPECT_EQ(read_all(*opened(), upload).value(), "picture");
}

TEST_F(FileObjectStoreTest, WhatAKilledProcessLeftUnfinishedIsRemovedAtTheNextStart) {
    ASSERT_TRUE(put_bytes(*opened(), upload, "picture").ok());
    (void)written(root / ".tmp/17", "half a pict");
    fs::create_directories(root / ".tmp/odd/deep");
    const auto store = opened();
    EXPECT_EQ(temporary_files(), 0u);
    EXPECT_EQ(read_all(*store, upload).value(), "picture");
}

TEST_F(FileObjectStoreTest, AFailedPutLeavesNoTemporaryFileAndNoDescriptor) {
    const auto store = opened();
    const auto before = open_descriptors();
    conformance::BytesSource source(pattern(200'000),
                                    ports::ObjectError{ObjectErrorKind::unavailable, "cut"});
    EXPECT_FALSE(store->put(upload, source).ok());
    EXPECT_FALSE(store->put_file(upload, folder / "nowhere").ok());
    EXPECT_FALSE(store->open(output).ok());
    EXPECT_EQ(temporary_files(), 0u);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(FileObjectStoreTest, TheLastOutputOfAJobTakesItsFolderWithIt) {
    const auto store = opened();
    const auto mask = ObjectKey::restored(numbered<JobId>(1), numbered<AttemptId>(1), "mask", "png");
    ASSERT_TRUE(put_bytes(*store, output, "main").ok());
    ASSERT_TRUE(put_bytes(*store, mask, "mask").ok());
    const auto job_folder = (root / output.str()).parent_path();
    ASSERT_TRUE(store->remove(output).ok());
    EXPECT_TRUE(fs::exists(job_folder));
    ASSERT_TRUE(store->remove(mask).ok());
    EXPECT_FALSE(fs::exists(job_folder));
    EXPECT_TRUE(fs::exists(root / "restored"));
}

// Method: in memory, where syncing is free, so that the folder often goes between being found and the rename
// into it.
TEST_F(FileObjectStoreTest, APutSurvivesThatTheFolderOfItsJobIsTakenAwayMeanwhile) {
    if (fs::exists("/dev/shm")) root = fs::path("/dev/shm") / folder.filename();
    const auto store = opened();
    std::atomic<bool> stop = false;
    std::thread remover([&] {
        while (!stop) (void)store->remove(output);
    });
    int failed = 0;
    for (int i = 0; i < 5'000; ++i) failed += put_bytes(*store, output, "x").ok() ? 0 : 1;
    stop = true;
    remover.join();
    fs::remove_all(root);
    EXPECT_EQ(failed, 0);
}

TEST_F(FileObjectStoreTest, ASymbolicLinkInPlaceOfAnObjectIsNotFollowed) {
    const auto store = opened();
    const auto secret = written(folder / "secret", "another user's picture");
    fs::create_symlink(secret, root / upload.str());
    ASSERT_FALSE(store->open(upload).ok());
    EXPECT_EQ(store->open(upload).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_FALSE(store->head(upload).ok());

    ASSERT_TRUE(put_bytes(*store, upload, "mine").ok());  // replaces the link, not what it points to
    EXPECT_FALSE(fs::is_symlink(root / upload.str()));
    EXPECT_EQ(fs::file_size(secret), std::string("another user's picture").size());

    fs::remove(root / upload.str());
    fs::create_symlink(secret, root / upload.str());
    EXPECT_TRUE(store->remove(upload).ok());
    EXPECT_TRUE(fs::exists(secret));
}

TEST_F(FileObjectStoreTest, ASymbolicLinkInPlaceOfAFolderIsNotFollowed) {
    const auto store = opened();
    ASSERT_TRUE(put_bytes(*store, output, "mine").ok());
    const auto outside = folder / "outside";
    fs::rename((root / output.str()).parent_path(), outside);
    fs::create_symlink(outside, (root / output.str()).parent_path());
    EXPECT_EQ(store->open(output).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->head(output).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(put_bytes(*store, output, "escaped").error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->remove(output).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(fs::file_size(outside / fs::path(output.str()).filename()), 4u);
    EXPECT_EQ(temporary_files(), 0u);
}

TEST_F(FileObjectStoreTest, APipeOrAFolderInPlaceOfAnObjectIsRefusedWithoutWaiting) {
    const auto store = opened();
    ASSERT_EQ(::mkfifo((root / upload.str()).c_str(), 0600), 0);
    EXPECT_EQ(store->open(upload).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->head(upload).error().kind, ObjectErrorKind::misconfigured);
    fs::create_directories(root / output.str());
    EXPECT_EQ(store->open(output).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(put_bytes(*store, output, "x").error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->remove(output).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(temporary_files(), 0u);
}

TEST_F(FileObjectStoreTest, OnlyARegularFileCanBeGivenAway) {
    const auto store = opened();
    const auto secret = written(folder / "secret", "not yours");
    fs::create_symlink(secret, folder / "link.png");
    EXPECT_EQ(store->put_file(upload, folder / "link.png").error().kind, ObjectErrorKind::misconfigured);
    ASSERT_EQ(::mkfifo((folder / "pipe.png").c_str(), 0600), 0);
    EXPECT_EQ(store->put_file(upload, folder / "pipe.png").error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->put_file(upload, folder).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->head(upload).error().kind, ObjectErrorKind::missing);
    EXPECT_TRUE(fs::exists(secret));
}

TEST_F(FileObjectStoreTest, AFileOfAnotherFileSystemIsCopied) {
    const auto store = opened();
    std::string elsewhere = "/dev/shm/darkroom-files-XXXXXX";
    if (::mkdtemp(elsewhere.data()) == nullptr) GTEST_SKIP() << "no /dev/shm to copy from";
    struct stat here {};
    struct stat there {};
    ASSERT_EQ(::stat(root.c_str(), &here), 0);
    ASSERT_EQ(::stat(elsewhere.c_str(), &there), 0);
    const auto file = written(fs::path(elsewhere) / "out.png", pattern(300'000));
    const auto put = store->put_file(output, file);
    const bool gone = !fs::exists(file);
    fs::remove_all(elsewhere);
    if (here.st_dev == there.st_dev)
        GTEST_SKIP() << "/dev/shm is the same file system as the temporary folder";
    ASSERT_TRUE(put.ok());
    EXPECT_TRUE(gone);
    EXPECT_EQ(put->sha256, conformance::sha256_hex(pattern(300'000)));
    EXPECT_TRUE(read_all(*store, output).value() == pattern(300'000));
}

TEST_F(FileObjectStoreTest, AnObjectThatShrinksWhileBeingReadIsAnErrorAndNotAShortPicture) {
    const auto store = opened();
    ASSERT_TRUE(put_bytes(*store, upload, pattern(100'000)).ok());
    auto reader = store->open(upload);
    ASSERT_TRUE(reader.ok());
    fs::resize_file(root / upload.str(), 50'000);
    const auto read = read_all(**reader);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().kind, ObjectErrorKind::unavailable);
    EXPECT_NE(read.error().detail.find("50000 of 100000 bytes"), std::string::npos) << read.error().detail;
}

TEST_F(FileObjectStoreTest, TheDescriptorOfAReaderGivesTheSameBytes) {
    const auto store = opened();
    ASSERT_TRUE(put_bytes(*store, upload, "0123456789").ok());
    auto reader = store->open(upload);
    ASSERT_TRUE(reader.ok());
    char byte = 0;
    ASSERT_EQ(::pread((*reader)->fd(), &byte, 1, 7), 1);
    EXPECT_EQ(byte, '7');
    EXPECT_EQ(read_all(**reader).value(), "0123456789");
}

TEST_F(FileObjectStoreTest, AStoreWhoseFolderWasRemovedSaysSo) {
    const auto store = opened();
    fs::remove_all(root);
    EXPECT_EQ(store->open(upload).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->head(upload).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(store->remove(upload).error().kind, ObjectErrorKind::misconfigured);
    EXPECT_EQ(put_bytes(*store, upload, "x").error().kind, ObjectErrorKind::misconfigured);
    const auto file = written(folder / "out.png", "result");
    const auto put = store->put_file(output, file);
    EXPECT_EQ(put.error().kind, ObjectErrorKind::misconfigured);
    EXPECT_NE(put.error().detail.find("was removed"), std::string::npos) << put.error().detail;
    EXPECT_TRUE(fs::exists(file));  // a failure keeps the caller's file
}

TEST_F(FileObjectStoreTest, AFileInPlaceOfTheRootStopsTheStart) {
    (void)written(root, "not a folder");
    const auto store = FileObjectStore::open(root);
    ASSERT_FALSE(store.ok());
    EXPECT_NE(store.error().detail.find(root.string()), std::string::npos);
}

TEST_F(FileObjectStoreTest, ALinkInPlaceOfOneOfTheFoldersStopsTheStart) {
    fs::create_directories(root);
    fs::create_directory(folder / "elsewhere");
    fs::create_symlink(folder / "elsewhere", root / "uploaded");
    const auto store = FileObjectStore::open(root);
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().kind, ObjectErrorKind::misconfigured);
}

TEST_F(FileObjectStoreTest, AFolderThatMayNotBeWrittenStopsTheStart) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere; run as another user to see this";
    fs::create_directories(root);
    fs::permissions(root, fs::perms::owner_read | fs::perms::owner_exec);
    const auto store = FileObjectStore::open(root);
    fs::permissions(root, fs::perms::owner_all);
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().kind, ObjectErrorKind::denied);
}

}  // namespace
}  // namespace darkroom::objects
