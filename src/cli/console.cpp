#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <ostream>

namespace darkroom::cli {
namespace {

constexpr int width_min = 20;
constexpr int width_max = 400;

int terminal_width() {
    winsize size{};
    for (const int fd : {STDERR_FILENO, STDOUT_FILENO}) {
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= width_min)
            return std::min<int>(size.ws_col, width_max);
    }
    return 80;
}

constexpr std::string_view erase_line = "\r\x1b[K";

}  // namespace

ConsoleTraits look_at_terminal(const Environment& environment) {
    ConsoleTraits traits;
    traits.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    traits.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    traits.width = terminal_width();
    const auto set = [&](const char* name) { return !environment(name).value_or("").empty(); };
    const bool dumb = environment("TERM").value_or("dumb") == "dumb" || set("CI");
    traits.animation = traits.err_is_terminal && !dumb;
    traits.colour = traits.out_is_terminal && traits.err_is_terminal && !dumb && !set("NO_COLOR");
    return traits;
}

Console::Console(std::ostream& out, std::ostream& err, ConsoleTraits traits, bool quiet)
    : out_(out), err_(err), traits_(traits), quiet_(quiet) {}

Console::~Console() { clear_progress(); }

void Console::write_line(std::ostream& stream, std::string_view line) {
    const std::lock_guard lock(mutex_);
    const bool covered = !progress_.empty() && traits_.err_is_terminal;
    if (covered) err_ << erase_line << std::flush;
    stream << line << '\n' << std::flush;
    if (covered) err_ << progress_ << std::flush;
}

void Console::result(std::string_view line) { write_line(out_, line); }
void Console::problem(std::string_view line) { write_line(err_, line); }

void Console::note(std::string_view line) {
    if (!quiet_) write_line(err_, line);
}

void Console::show_progress(std::string_view line) {
    if (!traits_.animation || quiet_) return;
    const std::lock_guard lock(mutex_);
    if (progress_ == line) return;
    progress_ = line;
    err_ << erase_line << progress_ << std::flush;
}

void Console::clear_progress() {
    const std::lock_guard lock(mutex_);
    if (progress_.empty()) return;
    progress_.clear();
    err_ << erase_line << std::flush;
}

bool Console::flush() {
    const std::lock_guard lock(mutex_);
    err_.flush();
    out_.flush();
    return out_.good();
}

std::string Console::tinted(Tint tint, std::string_view text) const {
    if (!traits_.colour || tint == Tint::none) return std::string(text);
    const char* code = tint == Tint::good ? "32" : tint == Tint::bad ? "31" : "2";
    return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace darkroom::cli
