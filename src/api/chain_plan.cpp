#include "api/chain_plan.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/nearest.h"
#include "recipes/canonical_json.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

class Planner {
public:
    Planner(ApiContext& context, const recipes::RecipeBook& book, const ChainRequest& request)
        : context_(context), book_(book), request_(request) {}

    Result<ChainPlan, std::vector<FieldProblem>> all() {
        for (std::size_t i = 0; i < request_.chain.steps.size(); ++i) one(i);
        if (!request_.chain.steps.empty()) show_outputs();
        if (!problems_.empty()) return Fail(std::move(problems_));
        write_params();
        return std::move(plan_);
    }

private:
    struct Known {
        std::string id;
        std::vector<std::string> roles;  // empty: the step itself is wrong, which was told already
    };

    // The recipe's author has said what a step does; only what it exposes is the client's.
    void wrong(std::size_t step, const std::string& where, const std::string& code,
               const std::string& detail) {
        if (where == "/backend" || where == "/inputs") {
            if (std::none_of(problems_.begin(), problems_.end(),
                             [&](const auto& p) { return p.pointer == where; }))
                problems_.push_back({where, code, of_step(step) + detail});
            return;
        }
        problems_.push_back(
            {pointer_of(step, where), code, (request_.is_inline ? "" : of_step(step)) + detail});
    }
    std::string pointer_of(std::size_t step, const std::string& where) const {
        if (request_.is_inline) return "/steps/" + std::to_string(step) + where;
        return exposed_pointer(request_.chain.steps[step].id, where);
    }
    std::string of_step(std::size_t step) const { return "Step " + request_.chain.steps[step].id + ": "; }

    // /params/edges of step cut is the chain's own /params/how_to_cut, if it is exposed so.
    std::string exposed_pointer(const std::string& step, const std::string& where) const {
        constexpr std::string_view params = "/params/";
        for (const auto& [own, target] : request_.chain.exposed) {
            const auto of_step = std::string(params) + target.second;
            if (target.first == step && (where == of_step || where.starts_with(of_step + "/")))
                return std::string(params) + own + where.substr(of_step.size());
        }
        return "/type";
    }

    json::object params_of(const recipes::ChainStep& step) const {
        auto params = step.params;
        for (const auto& [own, target] : request_.chain.exposed) {
            const auto* given = request_.own_params.if_contains(own);
            if (target.first == step.id && given != nullptr) params[target.second] = *given;
        }
        // What the client says of engines goes for every step that leaves it open.
        const auto* engine = request_.own_params.if_contains("engine");
        if (engine != nullptr && !params.contains("engine")) params["engine"] = *engine;
        return params;
    }

    void one(std::size_t index) {
        const auto& step = request_.chain.steps[index];
        const auto twin = [&](const Known& other) { return other.id == step.id; };
        if (std::any_of(known_.begin(), known_.end(), twin))
            wrong(index, "/id", "chain_invalid",
                  "Two steps are called \"" + step.id + "\"; give each its own id.");
        core::ChainPlace place;
        place.step = step.id;
        if (const auto from = source_of(index)) {
            place.from_step = from->step;
            place.from_role = from->role;
        }
        auto planned = plan_step(index, params_of(step));
        known_.push_back({step.id, planned ? planned->roles : std::vector<std::string>()});
        if (!planned) return;
        core::Job job;
        job.type = step.type;
        job.backend = std::move(planned->work.backend);
        job.params_json = std::move(planned->work.params_json);
        job.params_effective_json = std::move(planned->work.params_effective_json);
        job.recipe = std::move(planned->work.recipe);
        job.recipe_digest = std::move(planned->work.recipe_digest);
        job.models_json = std::move(planned->work.models_json);
        job.place = std::move(place);
        plan_.steps.push_back(std::move(job));
    }

    std::optional<JobPlan> plan_step(std::size_t index, const json::object& params) {
        const auto& step = request_.chain.steps[index];
        if (step.type == "chain") {
            wrong(index, "/type", "chain_invalid", "A step cannot be a chain: write its steps here.");
            return std::nullopt;
        }
        const auto inputs = index == 0 ? request_.inputs : 1;
        auto planned = plan_job(context_, book_, {step.type, params, request_.backend, inputs});
        if (!planned) {
            for (const auto& problem : planned.error())
                wrong(index, problem.pointer, problem.code, problem.detail);
            return std::nullopt;
        }
        if (planned->chain != nullptr) {
            wrong(index, "/type", "chain_invalid",
                  step.type + " is a chain itself, and a step cannot be one: write its steps here.");
            return std::nullopt;
        }
        if (index == 0) {
            plan_.inputs_max = planned->inputs_max;
            plan_.mask_input = planned->mask_input;
            plan_.megapixels_max = planned->megapixels_max;
            plan_.mask_pointer = pointer_of(0, "/params/region/mask");
        } else if (planned->mask_input) {
            wrong(index, "/params/region/mask", "params_invalid",
                  "Only the first step sees the inputs of the job; say the region in another way.");
        }
        return *std::move(planned);
    }

    // As it says, or the main output of the step before; the first one has the job's own pictures.
    std::optional<recipes::StepOutput> source_of(std::size_t index) {
        const auto& from = request_.chain.steps[index].from;
        if (!from) {
            if (index == 0) return std::nullopt;
            return recipes::StepOutput{request_.chain.steps[index - 1].id, "main"};
        }
        if (const auto problem = missing(*from, "from")) wrong(index, "/from", "chain_invalid", *problem);
        return from;
    }

    std::optional<std::string> missing(const recipes::StepOutput& output, const std::string& what) const {
        const auto step = std::find_if(known_.begin(), known_.end(),
                                       [&](const Known& known) { return known.id == output.step; });
        if (step == known_.end()) {
            std::vector<std::string_view> names;
            for (const auto& known : known_) names.push_back(known.id);
            const auto meant = nearest_word(output.step, names);
            return what + " is " + output.text() + ", and no step before is called \"" + output.step + "\"." +
                   (meant ? " Did you mean \"" + std::string(*meant) + "\"?" : "");
        }
        const auto& roles = step->roles;
        if (roles.empty() || std::find(roles.begin(), roles.end(), output.role) != roles.end())
            return std::nullopt;
        std::string there;
        for (const auto& role : roles) there += (there.empty() ? "" : ", ") + role;
        return what + " is " + output.text() + ", and step " + output.step + " makes only " + there + ".";
    }

    void show_outputs() {
        const auto& chain = request_.chain;
        const auto main = chain.output.value_or(recipes::StepOutput{chain.steps.back().id, "main"});
        output(main, "main", "/output");
        for (std::size_t i = 0; i < chain.keep.size(); ++i)
            output(chain.keep[i], chain.keep[i].text(), "/keep/" + std::to_string(i));
    }

    void output(const recipes::StepOutput& from, const std::string& role, const std::string& pointer) {
        const auto what = pointer.starts_with("/keep") ? "keep" : "output";
        if (const auto problem = missing(from, what))
            problems_.push_back({request_.is_inline ? pointer : "/type", "chain_invalid", *problem});
        const auto same = [&](const core::ChainOutput& other) { return other.role == role; };
        if (std::any_of(plan_.outputs.begin(), plan_.outputs.end(), same)) return;  // kept twice is kept
        plan_.outputs.push_back({from.step, from.role, role});
    }

    // An inline chain tells its steps as params, so that what was asked can be read, and sent, again.
    void write_params() {
        if (!request_.is_inline) return;
        plan_.params_json = steps_json([](const core::Job& job) { return job.params_json; });
        plan_.params_effective_json =
            steps_json([](const core::Job& job) { return job.params_effective_json; });
    }

    template <class ParamsOf>
    std::string steps_json(ParamsOf params_of) const {
        JsonWriter json;
        json.begin_object().key("steps").begin_array();
        for (const auto& job : plan_.steps) {
            json.begin_object().member("id", job.place->step).member("type", job.type);
            if (!job.place->from_step.empty())
                json.member("from", job.place->from_step + "." + job.place->from_role);
            json.raw_member("params", params_of(job)).end_object();
        }
        json.end_array();
        const auto& main = plan_.outputs.front();
        json.member("output", main.step + "." + main.step_role).key("keep").begin_array();
        for (std::size_t i = 1; i < plan_.outputs.size(); ++i) json.value(plan_.outputs[i].role);
        json.end_array().end_object();
        return json.take();
    }

    ApiContext& context_;
    const recipes::RecipeBook& book_;
    const ChainRequest& request_;
    std::vector<Known> known_;
    std::vector<FieldProblem> problems_;
    ChainPlan plan_;
};

}  // namespace

Result<ChainPlan, std::vector<FieldProblem>> plan_chain(ApiContext& context, const recipes::RecipeBook& book,
                                                        const ChainRequest& request) {
    return Planner(context, book, request).all();
}

}  // namespace darkroom::api
