// How much is logged and in which form, the same for every command that runs long.
#pragma once
#include "app/setting_reader.h"
#include "base/log.h"

namespace darkroom::app {

log::Level read_log_level(SettingReader& reader);
/// Text on a terminal, else JSON, unless set.
log::Format read_log_format(SettingReader& reader);

}  // namespace darkroom::app
