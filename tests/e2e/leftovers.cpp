#include "tests/e2e/leftovers.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/support/process_table.h"

namespace darkroom::e2e {
namespace {

std::string listed(const std::vector<std::filesystem::path>& files) {
    std::string text;
    for (const auto& file : files) text += file.string() + "\n";
    return text;
}

std::vector<std::filesystem::path> temporary_files(const std::filesystem::path& data_dir) {
    std::vector<std::filesystem::path> all;
    for (const char* folder : {"incoming", "work", "objects/.tmp"}) {
        const auto some = files_under(data_dir / folder);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

}  // namespace

std::vector<std::filesystem::path> files_under(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    std::filesystem::recursive_directory_iterator entry(folder, error);
    for (const std::filesystem::recursive_directory_iterator end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        if (!entry->is_directory(ignored)) files.push_back(entry->path());
    }
    return files;
}

void expect_nothing_left(const ServerProcess& server) {
    const auto report = server.client().post("/api/v1/dispatcher");
    ASSERT_EQ(report.status, 200) << report.body();
    const auto numbers = report.json();
    EXPECT_EQ(number_at(numbers, "/inflight"), 0) << report.body();
    EXPECT_EQ(number_at(numbers, "/queued"), 0) << report.body();
    EXPECT_EQ(number_at(numbers, "/delayed"), 0) << report.body();
    EXPECT_TRUE(eventually([&] { return temporary_files(server.data_dir()).empty(); }))
        << listed(temporary_files(server.data_dir()));
    EXPECT_TRUE(eventually([&] { return testing::zombies_of(server.pid()).empty(); }));
}

std::string object_key_in(const std::string& download_url) {
    const auto token = download_url.substr(download_url.rfind('/') + 1);
    const auto fields = from_base64url(token.substr(0, token.find('.')));
    EXPECT_TRUE(fields.has_value()) << download_url;
    if (!fields) return {};
    // purpose, expiry, key, … (core/transfer_token.cpp)
    const auto first = fields->find('\x1f');
    const auto second = fields->find('\x1f', first + 1);
    const auto third = fields->find('\x1f', second + 1);
    return fields->substr(second + 1, third - second - 1);
}

}  // namespace darkroom::e2e
