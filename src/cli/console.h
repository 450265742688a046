// Where the command line writes: results to standard output, the rest to standard error, and on a terminal
// one progress line that stays below everything else. Any thread.
#pragma once
#include <functional>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::cli {

struct ConsoleTraits {
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool animation = false;  // a progress line that redraws itself
    bool colour = false;     // on both streams
    int width = 80;          // columns
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

/// What the process's own streams are, and what NO_COLOR, TERM=dumb and CI forbid.
ConsoleTraits look_at_terminal(const Environment& environment);

enum class Tint { none, good, bad, dim };

class Console {
public:
    /// The streams outlive the console. `quiet` drops notes and progress, never results or problems.
    Console(std::ostream& out, std::ostream& err, ConsoleTraits traits, bool quiet);
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    const ConsoleTraits& traits() const { return traits_; }
    /// Columns for a table on standard output. Where it is no terminal, nothing needs to be cut.
    int table_width() const { return traits_.out_is_terminal ? traits_.width : 10'000; }

    void result(std::string_view line);   // a line for standard output
    void note(std::string_view line);     // a line for whoever watches
    void problem(std::string_view line);  // a line that is shown in any case
    /// Replaces the progress line; nothing where there is no animation.
    void show_progress(std::string_view line);
    void clear_progress();
    /// False if standard output could not take everything (a full disk, a closed pipe).
    bool flush();

    std::string tinted(Tint tint, std::string_view text) const;

private:
    void write_line(std::ostream& stream, std::string_view line);

    std::ostream& out_;
    std::ostream& err_;
    const ConsoleTraits traits_;
    const bool quiet_;
    std::mutex mutex_;
    std::string progress_;  // what the terminal shows now
};

}  // namespace darkroom::cli
