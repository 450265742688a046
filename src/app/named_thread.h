// Threads carry names, so that a debugger and `top -H` tell what they do.
#pragma once
#include <pthread.h>

#include <functional>
#include <string>
#include <thread>

namespace darkroom::app {

/// `name` has at most 15 characters.
inline std::thread named_thread(const std::string& name, std::function<void()> work) {
    std::thread thread(std::move(work));
    pthread_setname_np(thread.native_handle(), name.c_str());
    return thread;
}

}  // namespace darkroom::app
