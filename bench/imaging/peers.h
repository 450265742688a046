// Other people's programs that do the same work, run on the same pictures in the same run. One that is not
// installed is said aloud with the reason, and its columns stay empty.
#pragma once
#include <atomic>
#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace darkroom::bench {

enum class Peer { imagemagick, graphicsmagick, gmic, vips, sharp };
inline constexpr int peer_count = 5;

struct PeerState {
    std::string name;
    std::string version;  // empty: not to be had
    std::string missing;  // why
};

struct PeerAnswer {
    cv::Mat picture;
    double seconds = 0;  // of the whole process: start, decode, work, encode
};

class Peers {
public:
    /// Looks for all of them. `folder` is for their files; sharp is looked for in `node_modules`.
    Peers(std::filesystem::path folder, std::filesystem::path node_modules);

    const std::vector<PeerState>& states() const { return states_; }
    bool has(Peer peer) const { return !states_[static_cast<std::size_t>(peer)].version.empty(); }

    /// The program with these arguments, where `{0}`, `{1}` … are files of the inputs and `{out}` the file it
    /// writes, a PNG unless `ending` says otherwise. nullopt: it is missing or failed, which is counted.
    /// From many threads at once.
    std::optional<PeerAnswer> run(Peer peer, const std::vector<cv::Mat>& inputs,
                                  const std::vector<std::string>& arguments) const;

    /// What ImageMagick prints for these arguments; an error where it fails.
    Result<std::string, std::string> ask_imagemagick(std::vector<std::string> arguments) const;

    /// ImageMagick's arguments for making transparent what is within 10 % of the corners and hangs together
    /// with them.
    std::vector<std::string> corners_filled(cv::Size size) const;

    int failures() const { return failures_; }

private:
    std::filesystem::path new_folder() const;
    std::vector<std::string> command_of(Peer peer) const;

    std::filesystem::path folder_;
    std::filesystem::path node_modules_;
    std::string convert_;
    std::vector<PeerState> states_;
    mutable std::atomic<int> next_{0};
    mutable std::atomic<int> failures_{0};
};

}  // namespace darkroom::bench
