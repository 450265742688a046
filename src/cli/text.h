// Words and numbers as people read them, and server-made text as a terminal may show it. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace darkroom::cli {

std::string human_bytes(std::uint64_t bytes);       // 812 B, 482 kB, 11.8 MB
std::string human_duration(Milliseconds duration);  // 0.9 s, 31 s, 2 m 10 s, 3 h 5 m
std::string human_usd(double usd);                  // $0.0005, $12.30
/// What an open job waits for, in words; empty where there is nothing to say.
std::string human_stage(std::string_view stage);
std::string human_age(Milliseconds age);                        // 5s, 4m, 3h, 12d
std::string counted(std::size_t count, std::string_view noun);  // 1 file, 2 files

/// What may be printed of text that came from elsewhere: control characters, which could move the cursor or
/// rewrite what stands above, and invalid UTF-8 become U+FFFD.
std::string printable(std::string_view text);

/// Columns on a terminal: combining marks count 0, wide East Asian characters and emoji 2.
int display_width(std::string_view text);
/// At most `columns` wide, the last being … where something was left out.
std::string cut_to_width(std::string_view text, int columns);
std::string pad_to_width(std::string_view text, int columns);

}  // namespace darkroom::cli
