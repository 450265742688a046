// The strict gate before the packaged parser: looks at the raw bytes of a request head and refuses everything
// that two parsers could read differently (folded lines, bare LF, odd lengths, two Hosts, any
// Transfer-Encoding ...). Pure and incremental: no socket, no clock. It understands only what it must judge;
// Beast splits the head afterwards.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace darkroom::http {

struct HeadLimits {
    std::size_t request_line_bytes = 8'192;
    std::size_t head_bytes = 16'384;
    std::size_t fields = 64;
};

/// Why a request is refused, in the words of the answer. The connection is closed after any of these.
struct HeadFault {
    int status = 400;
    std::string_view code;
    std::string_view detail;
};

/// What the server needs to know about a head that passed.
struct HeadFacts {
    std::size_t begin = 0;  // 2 after one stray empty line, which old clients send after a body
    std::size_t end = 0;    // first byte after the empty line
    bool has_length = false;
    std::uint64_t content_length = 0;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;
};

class HeadCheck {
public:
    enum class Progress { need_more, complete, refused };

    explicit HeadCheck(HeadLimits limits = {}) : limits_(limits) {}

    /// `bytes` starts where the head starts and holds all that came so far; only new lines are looked at, so
    /// that a head sent byte by byte costs no more than one sent at once. Bytes after the head are ignored.
    Progress feed(std::string_view bytes);

    const HeadFacts& facts() const { return facts_; }  // after complete
    const HeadFault& fault() const { return fault_; }  // after refused

private:
    Progress take_line(std::string_view line);
    Progress take_request_line(std::string_view line);
    Progress take_target(std::string_view target);
    Progress take_field(std::string_view line);
    Progress take_known_field(std::string_view name, std::string_view value);
    Progress take_length(std::string_view value);
    Progress take_host(std::string_view value);
    void take_connection(std::string_view value);
    Progress finish();
    Progress check_size(std::string_view bytes);
    Progress refuse(int status, std::string_view code, std::string_view detail);

    HeadLimits limits_;
    HeadFacts facts_;
    HeadFault fault_;
    std::size_t line_start_ = 0;
    std::size_t searched_ = 0;  // no LF before this
    bool seen_request_line_ = false;
    bool needs_length_ = false;
    bool close_named_ = false;
    bool keep_alive_named_ = false;
    std::size_t fields_ = 0;
    std::string authority_;  // of an absolute-form target
    std::string host_;
    bool seen_host_ = false;
};

}  // namespace darkroom::http
