#include "app/log_settings.h"

#include <unistd.h>

namespace darkroom::app {

log::Level read_log_level(SettingReader& reader) {
    return reader.choice<log::Level>("DARKROOM_LOG_LEVEL", {{"info", log::Level::info},
                                                            {"debug", log::Level::debug},
                                                            {"warning", log::Level::warning},
                                                            {"error", log::Level::error},
                                                            {"off", log::Level::off}});
}

log::Format read_log_format(SettingReader& reader) {
    const auto by_terminal = ::isatty(STDERR_FILENO) != 0 ? log::Format::text : log::Format::json;
    return reader.choice<log::Format>(
        "DARKROOM_LOG_FORMAT", {{"", by_terminal}, {"text", log::Format::text}, {"json", log::Format::json}});
}

}  // namespace darkroom::app
