#include "cli/job_card.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "cli/advice.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

class Card {
public:
    /// Nothing is said about what is empty.
    void say(std::string_view label, std::string_view text) {
        if (text.empty()) return;
        lines_.push_back(pad_to_width(label, 10) + printable(text));
    }
    std::vector<std::string> take() { return std::move(lines_); }

private:
    std::vector<std::string> lines_;
};

std::string picture_words(const json::object& picture) {
    std::string text;
    const auto add = [&](const std::string& word) {
        text += (text.empty() || word.empty() ? "" : "  ") + word;
    };
    add(text_member(picture, "role"));
    add(text_member(picture, "name"));
    const auto width = number_member(picture, "width");
    const auto height = number_member(picture, "height");
    if (width > 0 && height > 0) add(std::to_string(width) + "×" + std::to_string(height));
    add(text_member(picture, "content_type"));
    if (const auto bytes = number_member(picture, "bytes"); bytes > 0)
        add(human_bytes(static_cast<std::uint64_t>(bytes)));
    return text;
}

std::string error_words(const json::object& owner) {
    const auto* error = object_member(owner, "error");
    if (error == nullptr) return {};
    return text_member(*error, "code") + ": " + text_member(*error, "message");
}

std::string params_words(const json::object& job) {
    const auto* params = object_member(job, "params");
    return params == nullptr ? std::string() : json_text(*params);
}

// Of a chain: "cut  bg_remove  SUCCEEDED  <job>".
std::string step_words(const json::object& step) {
    auto text = text_member(step, "id") + "  " + text_member(step, "type") + "  " +
                text_member(step, "status") + "  " + text_member(step, "job_id");
    if (const auto error = error_words(step); !error.empty()) text += "  " + error;
    return text;
}

// Of a step: which one of which chain, and on what it works.
std::string chain_words(const json::object& job) {
    const auto* chain = object_member(job, "chain");
    if (chain == nullptr) return {};
    auto text = "step " + text_member(*chain, "step") + " of " + text_member(*chain, "id");
    if (const auto from = text_member(*chain, "from"); !from.empty()) text += ", on " + from;
    return text;
}

std::string model_words(const json::object& model) {
    auto text = text_member(model, "name");
    for (const auto* name : {"version", "licence", "grant"})
        if (const auto word = text_member(model, name); !word.empty()) text += "  " + word;
    return text;
}

std::string attempt_words(const json::object& attempt, const std::string& selected) {
    auto text = std::to_string(number_member(attempt, "number")) + "  " + text_member(attempt, "status") +
                "  on " + text_member(attempt, "endpoint");
    if (const auto ms = number_member(attempt, "execution_ms"); ms > 0)
        text += "  " + human_duration(Milliseconds(ms));
    if (const auto cost = decimal_member(attempt, "cost_usd")) {
        if (const auto ms = number_member(attempt, "delay_ms"); ms > 0)
            text += "  after " + human_duration(Milliseconds(ms)) + " of waiting";
        text += "  " + human_usd(*cost);
        if (const auto gpu = text_member(attempt, "gpu"); !gpu.empty()) text += "  " + gpu;
    }
    if (const auto error = error_words(attempt); !error.empty()) text += "  " + error;
    if (!selected.empty() && text_member(attempt, "id") == selected) text += "  (shown)";
    return text;
}

std::string event_words(const json::object& event) {
    auto text =
        text_member(event, "at") + "  " + text_member(event, "kind") + "  " + text_member(event, "status");
    if (const auto attempt = number_member(event, "attempt"); attempt > 0)
        text += "  attempt " + std::to_string(attempt);
    return text + "  " + text_member(event, "actor");
}

/// Whether pictures of the job are still there: without this the card would show them as if they were.
std::string removed_words(std::string_view what, const std::optional<TimePoint>& time, TimePoint now) {
    if (!time) return {};
    return std::string(what) + "  " + format_rfc3339(*time) + "  (" + human_age(now - *time) + " ago)";
}

std::string time_words(const std::optional<TimePoint>& time, TimePoint now) {
    if (!time) return {};
    return format_rfc3339(*time) + "  (" + human_age(now - *time) + " ago)";
}

template <class Words>
void say_each(Card& card, const json::object& owner, std::string_view name, std::string_view label,
              Words words) {
    const auto* list = array_member(owner, name);
    if (list == nullptr) return;
    bool first = true;
    for (const auto& entry : *list) {
        if (!entry.is_object()) continue;
        card.say(first ? label : "", words(entry.get_object()));
        first = false;
    }
}

}  // namespace

std::vector<std::string> job_card(const json::object& job, const json::object& events, TimePoint now) {
    const auto view = view_job(job);
    if (!view) return {};
    Card card;
    card.say("Job", view->id);
    card.say("Type", view->type);
    card.say("Chain", chain_words(job));
    card.say("Recipe", text_member(job, "recipe"));
    card.say("Status", view->status);
    card.say("Waits for", human_stage(view->stage));
    card.say("Error", error_words(job));
    if (const auto advice = advice_for(view->error_code); !advice.empty()) card.say("Try", advice);
    card.say("Params", params_words(job));
    say_each(card, job, "inputs", "Input", picture_words);
    say_each(card, job, "outputs", "Output", picture_words);
    if (view->main_output) card.say("Link", view->main_output->url);
    card.say("Removed", removed_words("inputs", view->inputs_removed_at, now));
    card.say(view->inputs_removed_at ? "" : "Removed",
             removed_words("results", view->outputs_removed_at, now));
    say_each(card, job, "steps", "Steps", step_words);
    const auto* attempts = array_member(job, "attempts");
    // Which one is shown is a question only where there are several.
    const auto selected =
        attempts != nullptr && attempts->size() > 1 ? text_member(job, "selected_attempt_id") : std::string();
    say_each(card, job, "attempts", "Attempts",
             [&](const json::object& attempt) { return attempt_words(attempt, selected); });
    if (attempts != nullptr && !attempts->empty() && attempts->back().is_object())
        say_each(card, attempts->back().get_object(), "models", "Models", model_words);
    card.say("Created", time_words(view->created_at, now));
    card.say("Finished", time_words(view->finished_at, now));
    if (const auto time = view->work_time()) card.say("Took", human_duration(*time));
    say_each(card, events, "events", "Events", event_words);
    return card.take();
}

}  // namespace darkroom::cli
