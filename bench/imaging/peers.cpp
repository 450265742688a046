#include "bench/imaging/peers.h"

#include <chrono>
#include <cstdio>

#include "tests/support/child_process.h"
#include "tools/pictures/picture_file.h"

namespace darkroom::bench {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds patience(120'000);

struct Spoken {
    bool well = false;
    std::string out, err;
};

Spoken run_program(const std::vector<std::string>& command, const fs::path& folder) {
    testing::ChildPlan plan;
    plan.program = "/usr/bin/env";
    plan.arguments = command;
    // G'MIC and libvips write what they learn into the user's home otherwise.
    plan.environment = {{"HOME", folder.string()}, {"LC_ALL", "C"}};
    plan.working_dir = folder;
    plan.out_file = folder / "out.txt";
    plan.err_file = folder / "err.txt";
    testing::ChildProcess child(plan);
    const auto exit = child.wait(patience);
    return {exit && exit->code == 0, testing::read_file(plan.out_file), testing::read_file(plan.err_file)};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The first number, after "Version" where that is said: every program prints its version in a way of its
/// own.
std::string version_in(const std::string& text) {
    const auto named = text.find("ersion ");
    const auto begin = text.find_first_of("0123456789", named == std::string::npos ? 0 : named);
    if (begin == std::string::npos) return "";
    const auto end = text.find_first_not_of("0123456789.-", begin);
    return text.substr(begin, end == std::string::npos ? end : end - begin);
}

void replace_all(std::string& text, const std::string& mark, const std::string& with) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + with.size()))
        text.replace(at, mark.size(), with);
}

}  // namespace

Peers::Peers(fs::path folder, fs::path node_modules)
    : folder_(std::move(folder)), node_modules_(std::move(node_modules)) {
    for (const char* name : {"convert-im6.q16", "convert", "magick"}) {
        if (!convert_.empty()) break;
        const fs::path scratch = new_folder();
        if (run_program({name, "-version"}, scratch).well) convert_ = name;
        fs::remove_all(scratch);
    }
    const auto look = [&](const char* name, const std::vector<std::string>& command, const char* package) {
        const fs::path scratch = new_folder();
        const Spoken spoken = run_program(command, scratch);
        fs::remove_all(scratch);
        PeerState state{name, "", ""};
        if (spoken.well) state.version = version_in(spoken.out + spoken.err);
        if (state.version.empty()) {
            state.missing = std::string("not installed (") + package + ")";
            if (const auto said = first_line(spoken.err); !said.empty()) state.missing += ": " + said;
        }
        states_.push_back(state);
    };
    look("ImageMagick", {convert_.empty() ? "convert" : convert_, "-version"}, "Debian's imagemagick");
    look("GraphicsMagick", {"gm", "version"}, "Debian's graphicsmagick");
    look("G'MIC", {"gmic", "version"}, "Debian's gmic");
    look("libvips", {"vips", "--version"}, "Debian's libvips-tools");
    look("sharp", {"node", DR_SHARP_SCRIPT, node_modules_.string(), "version"}, "npm, by ./dev setup bench");
}

fs::path Peers::new_folder() const {
    fs::path folder = folder_ / std::to_string(next_++);
    fs::create_directories(folder);
    return folder;
}

std::vector<std::string> Peers::command_of(Peer peer) const {
    switch (peer) {
        case Peer::imagemagick:
            return {convert_};
        case Peer::graphicsmagick:
            return {"gm", "convert"};
        case Peer::gmic:
            return {"gmic", "-v", "0"};
        case Peer::vips:
            return {"vips"};
        case Peer::sharp:
            break;
    }
    return {"node", DR_SHARP_SCRIPT, node_modules_.string()};
}

std::optional<PeerAnswer> Peers::run(Peer peer, const std::vector<cv::Mat>& inputs,
                                     const std::vector<std::string>& arguments) const {
    if (!has(peer)) return std::nullopt;
    const fs::path folder = new_folder();
    auto command = command_of(peer);
    for (std::string argument : arguments) {
        for (std::size_t i = 0; i < inputs.size(); ++i)
            replace_all(argument, "{" + std::to_string(i) + "}",
                        (folder / ("in" + std::to_string(i) + ".png")).string());
        replace_all(argument, "{out}", (folder / "out.png").string());
        command.push_back(argument);
    }
    for (std::size_t i = 0; i < inputs.size(); ++i)
        (void)pictures::write_picture(inputs[i], folder / ("in" + std::to_string(i) + ".png")).ok();
    const auto begin = std::chrono::steady_clock::now();
    const Spoken spoken = run_program(command, folder);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::optional<PeerAnswer> answer;
    if (spoken.well) {
        if (auto read = pictures::read_picture(folder / "out.png")) answer = PeerAnswer{*read, took.count()};
    }
    if (!answer && failures_++ == 0)
        std::fprintf(stderr, "bench_imaging: %s failed: %s\n", command.front().c_str(), spoken.err.c_str());
    fs::remove_all(folder);
    return answer;
}

Result<std::string, std::string> Peers::ask_imagemagick(std::vector<std::string> arguments) const {
    const fs::path folder = new_folder();
    arguments.insert(arguments.begin(), convert_);
    const Spoken spoken = run_program(arguments, folder);
    fs::remove_all(folder);
    if (!spoken.well) return Fail("ImageMagick failed: " + first_line(spoken.err));
    return spoken.out;
}

std::vector<std::string> Peers::corners_filled(cv::Size size) const {
    // Version 7 has another word for the same.
    const bool seven = states_[static_cast<std::size_t>(Peer::imagemagick)].version.rfind('7', 0) == 0;
    std::vector<std::string> arguments = {"{0}", "-alpha", "set", "-fuzz", "10%", "-fill", "none"};
    for (const int x : {0, size.width - 1}) {
        for (const int y : {0, size.height - 1}) {
            arguments.emplace_back("-draw");
            arguments.push_back((seven ? "alpha " : "matte ") + std::to_string(x) + "," + std::to_string(y) +
                                " floodfill");
        }
    }
    arguments.insert(arguments.end(), {"-depth", "8", "PNG32:{out}"});
    return arguments;
}

}  // namespace darkroom::bench
