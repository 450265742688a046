// An answer that holds whole pictures, written piece by piece into a file: the worker's memory does not grow
// with what a workflow makes.
//
//   {"images":[{"filename":"ComfyUI_00001_.png","type":"base64","data":"…"},…],"errors":["…"]}
#pragma once
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace darkroom::runpod::worker {

class AnswerFile {
public:
    /// Writes {"output": first: the file becomes the body of job-done, to which its end is added later.
    explicit AnswerFile(const std::filesystem::path& path);

    void add_base64(std::string_view name, const std::filesystem::path& bytes);
    void add_url(std::string_view name, std::string_view url);
    /// Without any picture, status says so. False if the disk did not take it all.
    bool finish(const std::vector<std::string>& errors);

private:
    void begin_image(std::string_view name, std::string_view type);

    std::ofstream out_;
    int images_ = 0;
    bool failed_ = false;
};

}  // namespace darkroom::runpod::worker
