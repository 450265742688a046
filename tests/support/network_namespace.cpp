#include "tests/support/network_namespace.h"

#include <unistd.h>

#include <charconv>
#include <sstream>

#include "base/check.h"
#include "tests/support/programs.h"

namespace darkroom::testing {
namespace {

constexpr const char* inner_interface = "outwards";
constexpr Milliseconds trial_patience{10'000};

// Root of a container may lack the rights, and a kernel the modules, so it is tried.
bool trial_succeeds() {
    const TempDir notes;
    ChildPlan plan;
    plan.program = program_in_path("unshare");
    plan.arguments = {"--net", "--", "sh", "-c",
                      "ip link add one type veth peer name other && nft add table inet darkroom"};
    plan.err_file = notes.path() / "trial.log";
    const auto exit = ChildProcess(plan).wait(trial_patience);
    return exit && exit->code == 0;
}

// Of 198.18.0.0/15, which is kept for measuring networks and so belongs to nobody: four addresses for each
// namespace, by the id of the process that holds it, which no other one has at that time.
std::string address_in_block(int block, int which) {
    const int number = block % 32'768 * 4 + which;
    return "198." + std::to_string(18 + number / 65'536) + "." + std::to_string(number / 256 % 256) + "." +
           std::to_string(number % 256);
}

}  // namespace

std::string why_no_network_namespace() {
    const std::string end = ", so nothing was tested about lost networks";
    if (::geteuid() != 0) return "only root can make network namespaces" + end;
    for (const char* program : {"ip", "nft", "nsenter", "unshare"}) {
        if (program_in_path(program).empty())
            return std::string(program) + " is not on this machine (Debian: iproute2, nftables, util-linux)" +
                   end;
    }
    static const bool possible = trial_succeeds();
    return possible ? "" : "network namespaces are not permitted here" + end;
}

NetworkNamespace::NetworkNamespace() {
    ChildPlan plan;
    plan.program = program_in_path("unshare");
    // It says its own process id once it is inside, and lives until its input ends.
    plan.arguments = {"--net", "--", "sh", "-c", "echo $$; exec cat"};
    plan.err_file = notes_.path() / "holder.log";
    holder_ = std::make_unique<TalkingChild>(plan);
    const auto pid = holder_->read_line();
    int block = 0;
    std::from_chars(pid.data(), pid.data() + pid.size(), block);
    DR_CHECK(block > 0);
    place_ = "/proc/" + pid + "/ns/net";
    outside_ = address_in_block(block, 1);
    inside_ = address_in_block(block, 2);
    const auto interface = "dr" + pid;
    run("ip", {"link", "add", interface, "type", "veth", "peer", "name", inner_interface, "netns", pid});
    run("ip", {"address", "add", outside_ + "/30", "dev", interface});
    run("ip", {"link", "set", interface, "up"});
    run_within("ip", {"link", "set", "lo", "up"});
    run_within("ip", {"address", "add", inside_ + "/30", "dev", inner_interface});
    run_within("ip", {"link", "set", inner_interface, "up"});
    run_within("nft", {"add table inet darkroom {"
                       " chain in { type filter hook input priority 0; }; chain out { type filter hook "
                       "output priority 0; }; }"});
}

std::vector<std::string> NetworkNamespace::launcher() const {
    return {program_in_path("nsenter").string(), "--net=" + place_, "--"};
}

ChildPlan NetworkNamespace::within(ChildPlan plan) const {
    auto command = launcher();
    command.push_back(plan.program.string());
    command.insert(command.end(), plan.arguments.begin(), plan.arguments.end());
    plan.program = command.front();
    plan.arguments.assign(command.begin() + 1, command.end());
    return plan;
}

void NetworkNamespace::run(const std::string& program, const std::vector<std::string>& arguments) const {
    ChildPlan plan;
    plan.program = program_in_path(program);
    plan.arguments = arguments;
    plan.err_file = notes_.path() / "commands.log";
    run_to_end(plan);
}

void NetworkNamespace::run_within(const std::string& program,
                                  const std::vector<std::string>& arguments) const {
    ChildPlan plan;
    plan.program = program_in_path(program);
    plan.arguments = arguments;
    plan.err_file = notes_.path() / "commands.log";
    run_to_end(within(plan));
}

void NetworkNamespace::drop(const std::string& in, const std::string& out) {
    const std::string inner = inner_interface;
    run_within("nft",
               {"add rule inet darkroom in iifname " + inner + " " + in +
                " counter drop; add rule inet darkroom out oifname " + inner + " " + out + " counter drop"});
}

void NetworkNamespace::cut() { drop("", ""); }

void NetworkNamespace::cut_port(std::uint16_t port) {
    const auto number = std::to_string(port);
    drop("tcp sport " + number, "tcp dport " + number);
}

void NetworkNamespace::heal() {
    run_within("nft", {"flush chain inet darkroom in; flush chain inet darkroom out"});
}

std::uint64_t NetworkNamespace::lost_packets() const {
    const auto listing = notes_.path() / "rules.txt";
    std::filesystem::remove(listing);
    ChildPlan plan;
    plan.program = program_in_path("nft");
    plan.arguments = {"list", "table", "inet", "darkroom"};
    plan.out_file = listing;
    plan.err_file = notes_.path() / "commands.log";
    run_to_end(within(plan));
    std::istringstream words(read_file(listing));
    std::uint64_t sum = 0;
    for (std::string word; words >> word;) {  // … counter packets 3 bytes 180 drop
        std::uint64_t packets = 0;
        if (word == "packets" && words >> packets) sum += packets;
    }
    return sum;
}

}  // namespace darkroom::testing
