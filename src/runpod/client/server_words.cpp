#include "runpod/client/server_words.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "runpod/protocol/json_members.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t shown_bytes_max = 200;
constexpr std::size_t error_body_bytes_max = 64u << 10;
constexpr std::size_t searched_bytes_max = 4096;

std::string message_in(const std::string& body) {
    if (first_json_character(body) != '{') return {};
    auto members = pick_json_members(
        body, {{"error", 4096}, {"message", 4096}, {"detail", 4096}, {"title", 4096}}, error_body_bytes_max);
    if (!members) return {};
    for (const auto* name : {"error", "message", "detail", "title"}) {
        if (auto text = members->take_text(name); text && !text->empty()) return *std::move(text);
        if (auto json = members->take_json(name)) return *std::move(json);
    }
    return {};
}

std::string without(std::string text, std::string_view secret) {
    if (secret.empty()) return text;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
        text.replace(at, secret.size(), "***");
    return text;
}

std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
    if (text.size() > shown_bytes_max) text = text.substr(0, shown_bytes_max) + "...";
    return text;
}

}  // namespace

std::string describe_answer(const ports::FetchedAnswer& answer, std::string_view secret) {
    auto text = "HTTP " + std::to_string(answer.status);
    const auto message = one_line(without(message_in(answer.body), secret));
    if (!message.empty()) return text + ": " + message;
    if (answer.body.empty()) return text + " without a body";
    return text + " with " + std::to_string(answer.body.size()) + " bytes that are no error of the API";
}

std::string describe_failure(const ports::FetchFailure& failure, std::string_view secret) {
    return one_line(without(failure.detail, secret));
}

bool speaks_of_funds(const ports::FetchedAnswer& answer) {
    if (answer.status == 402) return true;
    if (answer.status < 400 || answer.status >= 500 || answer.status == 404 || answer.status == 429)
        return false;
    auto text = message_in(answer.body).substr(0, searched_bytes_max);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    constexpr std::array<std::string_view, 6> signs = {"insufficient fund",   "insufficient balance",
                                                       "insufficient credit", "balance is too low",
                                                       "out of credit",       "not enough credit"};
    return std::any_of(signs.begin(), signs.end(),
                       [&](std::string_view sign) { return text.find(sign) != std::string::npos; });
}

}  // namespace darkroom::runpod
