// The open files of one request: the fixed ones by imaging::RequestFile, parts by name.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imaging/wire/messages.h"

namespace darkroom::imaging {

class RequestFiles {
public:
    /// Descriptors stay the caller's; -1 = there is none.
    RequestFiles(int input, int main, int mask, int thumbnail, int preview = -1, int report = -1)
        : files_{input, main, mask, thumbnail, preview, report} {}

    int operator[](RequestFile file) const { return files_[file]; }

    void add_part(std::string name, int file) { parts_.emplace_back(std::move(name), file); }
    /// -1 where the request has none of that name.
    int part(std::string_view name) const {
        for (const auto& [known, file] : parts_) {
            if (known == name) return file;
        }
        return -1;
    }

private:
    std::array<int, request_file_count> files_;
    std::vector<std::pair<std::string, int>> parts_;
};

}  // namespace darkroom::imaging
