// A host of its own for a child process: a network namespace that a pair of virtual interfaces joins to this
// one, and that can be cut off. Packets are dropped by rules inside the namespace, so the firewall of the
// machine is not touched, and the kernel removes everything when the object, or the test with it, is gone.
// Only for root; first see whether why_no_network_namespace() is empty.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/talking_child.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {

/// Why there can be none, for GTEST_SKIP; empty if there can.
std::string why_no_network_namespace();

class NetworkNamespace {
public:
    NetworkNamespace();
    NetworkNamespace(const NetworkNamespace&) = delete;
    NetworkNamespace& operator=(const NetworkNamespace&) = delete;

    /// This side's address, for servers that are to be met from inside. They listen on it while the object
    /// lives.
    const std::string& outside() const { return outside_; }
    /// The other side's: processes inside have this one and a loopback interface of their own.
    const std::string& inside() const { return inside_; }

    /// What `plan` says, run inside.
    ChildPlan within(ChildPlan plan) const;
    /// The command before the program's own, for who makes plans himself: {"/usr/bin/nsenter", "--net=…",
    /// "--"}.
    std::vector<std::string> launcher() const;

    /// Packets to and from the other side are lost: nobody is told, and connections stay as they are.
    void cut();
    /// Only those of TCP connections to or from this port outside: a database is gone, a storage is still
    /// there.
    void cut_port(std::uint16_t port);
    void heal();
    /// Packets that were dropped since the last cut: the sign that a process inside has met it.
    std::uint64_t lost_packets() const;

private:
    void run(const std::string& program, const std::vector<std::string>& arguments) const;
    void run_within(const std::string& program, const std::vector<std::string>& arguments) const;
    void drop(const std::string& in, const std::string& out);

    TempDir notes_;
    std::unique_ptr<TalkingChild> holder_;  // the namespace lives as long as a process in it
    std::string place_;                     // of the namespace, in /proc
    std::string outside_;
    std::string inside_;
};

}  // namespace darkroom::testing
