#include "cli/command_grammar.h"

namespace darkroom::cli {

Grammar::Grammar() {
    app.name("darkroom");
    app.set_help_flag("-h,--help", "Show this text");
    app.add_option("--url", found.url, "The server to talk to (or DARKROOM_URL)")->type_name("URL");
    app.add_option("--data", found.data_dir, "Data folder (or DARKROOM_DATA_DIR; ./darkroom-data)")
        ->type_name("DIR");
    app.add_flag("--json", found.json, "Print results as JSON");
    app.add_flag("--plain", found.plain, "Print tables as tab-separated lines without a head");
    app.add_flag("-q,--quiet", found.quiet, "Print results and problems only");
    app.add_flag("--no-color", found.no_color, "No colours");
    app.add_flag("--version", show_version, "Show the version");
    app.allow_extras();
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app.get_formatter()->label("Subcommands", "Commands");
    app.footer(
        "The API key is taken from DARKROOM_API_KEY, or from admin.key in the data folder.\n"
        "darkroom COMMAND --help tells more, for example: darkroom run --help");

    serve = add(app, "serve", "Start the gateway");
    serve->add_option("--listen", found.listen, "Where to listen (or DARKROOM_LISTEN; 127.0.0.1:8080)")
        ->type_name("ADDRESS:PORT");
    serve->add_option("--role", found.role, "What this node does: all, api or dispatcher (or DARKROOM_ROLE)")
        ->type_name("ROLE");
    add_run();
    add_jobs();
    types = add(app, "types", "What can be run; with a name, its params");
    types->add_option("NAME", found.type, "One type")->type_name(" ");
    add_costs();
    add_audit();
    add_users();
    doctor = add(app, "doctor", "Try everything that is configured, and tell what is wrong");
    add_janitor();
    add_database();
    add_endpoint();
    add_worker();
    add_recipes();
    version = add(app, "version", "Show the version");
}

CLI::App* Grammar::add(CLI::App& parent, const char* name, const char* description) {
    auto* command = parent.add_subcommand(name, description);
    command->allow_extras();
    command->fallthrough();  // the flags that every command understands may stand behind it
    return command;
}

void Grammar::add_repeatable(CLI::App& command, const char* name, std::vector<std::string>& values,
                             const char* value_name, const char* description) {
    command.add_option(name, values, description)
        ->type_name(value_name)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

void Grammar::add_waiting_flags(CLI::App& command) {
    command.add_option("-o,--output", found.out_dir, "Folder for the results, made if missing")
        ->type_name("DIR");
    command.add_option("--timeout", timeout, "Stop waiting after this time, as in 90s, 10m or 2h")
        ->type_name("TIME");
}

void Grammar::add_run() {
    run = add(app, "run", "Send pictures, wait for them, fetch the results");
    run->add_option("TYPE", found.type, "What to do: see darkroom types")->type_name(" ");
    run->add_option("FILE", found.files, "Pictures")->type_name(" ");
    add_repeatable(*run, "-p,--param", found.params, "KEY=VALUE",
                   "A param of the type as key=value; halo.mode=strong sets {\"halo\":{\"mode\":…}}");
    run->add_option("--backend", found.backend,
                    "Where: serverless (RunPod), pod (ComfyUI) or local; unset, as the server has it")
        ->type_name("NAME");
    run->add_option("--mask", found.mask,
                    "A picture as large as FILE whose light half is to go (object_remove)")
        ->type_name("FILE");
    add_waiting_flags(*run);
    run->footer(
        "Results are named FILE-TYPE.png (or .jpg, .webp …) and put beside you, or into -o DIR.\n"
        "Without a server, a gateway is started in the data folder for as long as the command runs; it "
        "works\n"
        "on this machine only.\n"
        "Ctrl-C stops watching, not the jobs, and says how to go on.\n\n"
        "Types joined by + are a chain: each works on what the one before it made, and params begin with\n"
        "the name of their step.\n\n"
        "  darkroom run bg_remove shoes/*.jpg -p crop=true -p margin=0.05 -o out\n"
        "  darkroom run bg_remove+upscale_2k shoe.jpg -p bg_remove.edges=fine\n"
        "  darkroom run object_remove street.jpg --mask wires.png");
}

void Grammar::add_jobs() {
    jobs = add(app, "jobs", "Look at jobs and steer them");
    list = add(*jobs, "list", "The newest jobs");
    add_repeatable(*list, "--status", found.statuses, "STATUS",
                   "Only these: queued, dispatched, running, succeeded, failed, cancelled");
    list->add_option("--type", found.type, "Only this type")->type_name("NAME");
    list->add_option("-n,--limit", limit, "How many (20)")->type_name("N");
    get = add(*jobs, "get", "One job in full")->alias("show");
    watch = add(*jobs, "watch", "Wait for jobs; with -o, fetch their results");
    add_waiting_flags(*watch);
    cancel = add(*jobs, "cancel", "Stop jobs that have not ended");
    retry = add(*jobs, "retry", "Try failed or cancelled jobs again");
    for (auto* command : {get, watch, cancel, retry})
        command->add_option("ID", found.ids, "Job ids")->type_name(" ");
    add_attempts();
}

void Grammar::add_attempts() {
    attempt = add(*jobs, "attempt", "Make another attempt at a job that has ended, with other params");
    attempt->add_option("ID", found.ids, "Job id")->type_name(" ");
    add_repeatable(*attempt, "-p,--param", found.params, "KEY=VALUE",
                   "What is to be different; all else stays as it was sent");
    attempt->add_option("--params", found.params_json, "All params at once, in place of those that were sent")
        ->type_name("JSON");
    attempt
        ->add_option("--backend", found.backend,
                     "Where: serverless, pod or local; unset, as the server has it")
        ->type_name("NAME");
    attempt->footer(
        "The job shows the newest result by itself; darkroom jobs select goes back to an earlier one.\n\n"
        "  darkroom jobs attempt ID -p denoise=0.5");
    select = add(*jobs, "select", "Say which attempt's results a job shows");
    select->add_option("ID ATTEMPT", found.ids, "Job id, and number or id of the attempt")->type_name(" ");
}

void Grammar::add_audit() {
    audit = add(app, "audit", "What was used, for those who must know");
    licences = add(*audit, "licences", "With which models pictures were made, and under which licences");
    licences->add_option("--since", found.since, "From this day on, as in 2026-11-22, or time (30 days back)")
        ->type_name("DAY");
    licences->footer(
        "Needs an admin key. --plain and --json tell each attempt, with the digests of recipe and models.");
}

void Grammar::add_users() {
    users = add(app, "users", "Whose jobs wait, and how much of the work is done for whom");
    list_users = add(*users, "list", "Users with jobs in the queue or a share of their own");
    share = add(*users, "share", "Show a user's share of the work, or set it");
    share->add_option("USER", found.ids, "The user, as jobs name it")->type_name(" ");
    share->add_option("--weight", weight, "1 to 100: with 2, twice as many jobs as a user with 1 (unset: 1)")
        ->type_name("N");
    share
        ->add_option("--inflight-max", inflight_max,
                     "Jobs at work at a time on each kind of backend; unset, no limit of the user's own")
        ->type_name("N");
    share->footer(
        "Needs an admin key. Both are set at once; what waits already keeps its place.\n\n"
        "  darkroom users share customer-17 --weight 2 --inflight-max 8");
}

void Grammar::add_costs() {
    costs = add(app, "costs", "What was spent on RunPod, by type and by user");
    costs->add_option("--from", found.from, "First day, as in 2026-11-22 (30 days back)")->type_name("DAY");
    costs->add_option("--to", found.to, "Last day (today)")->type_name("DAY");
    costs->footer("Days are UTC. Needs an admin key. --plain tells each day, user, type and endpoint.");
}

void Grammar::add_janitor() {
    janitor = add(app, "janitor", "Find pictures in the storage that no job names, and remove them");
    janitor->add_flag("--remove", found.remove, "Remove what is found; without it, it is only shown");
    janitor
        ->add_option("--older-than", older_than,
                     "Only what was written before, as in 10m, 24h (so unset) or 7d")
        ->type_name("TIME");
    janitor->add_flag("--volume", found.volume, "Look at the network volume beside the main storage");
    janitor->add_flag("--check-jobs", found.check_jobs, "Tell also which pictures jobs name and are missing");
    janitor->footer(
        "Needs an admin key. What is not named as Darkroom names its objects is counted and never touched.\n"
        "Does another installation use the same bucket? Then its pictures are orphans here: do not "
        "--remove.");
}

void Grammar::add_database() {
    nodes = add(app, "nodes", "The processes that share the database: who they are and what they hold");
    nodes->footer("Asks the database of DATABASE_URL itself: no gateway need run. docs/nodes.md tells more.");
    migrate = add(app, "migrate", "Look after the schema of the database");
    migrate_status = add(*migrate, "status", "Which schema there is, and which this Darkroom needs");
    migrate_check = add(*migrate, "check", "Exit code 1 if the schema must be brought up; changes nothing");
    migrate_up = add(*migrate, "up", "Bring the schema up to what this Darkroom needs");
    for (auto* const command : {migrate, migrate_status, migrate_check, migrate_up})
        command->footer(
            "Of the database of DATABASE_URL, else of the file in the data folder. A gateway brings it up by "
            "itself at\n"
            "its start. docs/postgres.md tells more.");
    db = add(app, "db", "Move an installation to another database");
    db_copy = add(*db, "copy", "Copy a SQLite file into an empty Postgres database");
    db_copy->add_option("--from", found.copy_from, "The file, as in darkroom-data/darkroom.db")
        ->type_name("FILE");
    db_copy
        ->add_option(
            "--to", found.copy_to,
            "Postgres, as postgres://user@host/name (DATABASE_URL, which keeps a password to itself)")
        ->type_name("URL");
    db_copy->footer(
        "Stop the gateway first. All or nothing is copied; the file stays.\n\n"
        "  DATABASE_URL=postgres://user:password@host/darkroom darkroom db copy --from "
        "darkroom-data/darkroom.db");
}

void Grammar::add_worker() {
    worker = add(app, "worker", "Take jobs from a RunPod endpoint and work on them");
    worker
        ->add_option("--test-input", found.test_input,
                     "Do one job without an endpoint, print what would be reported, and end")
        ->type_name("FILE|JSON");
    worker->footer(
        "RunPod tells its workers by the environment where their endpoint is; darkroom endpoint prints the "
        "same\n"
        "for a worker on this machine. SIGTERM takes no more jobs, ends those in hand, and then the "
        "worker.\n\n"
        "  darkroom worker --test-input job.json");
}

void Grammar::add_recipes() {
    recipes = add(app, "recipes", "Look at recipes on this machine, and make one from a ComfyUI workflow");
    lint = add(*recipes, "lint", "Tell what is wrong with recipes");
    lint->add_option("PATH", found.files, "Files or folders (all of the folder of recipes)")->type_name(" ");
    list_recipes = add(*recipes, "list", "What there is, and whether it can be used");
    show = add(*recipes, "show", "What one recipe sets, and what comes out");
    show->add_option("NAME", found.recipe_name, "Id, id@version, or a file")->type_name(" ");
    import = add(*recipes, "import", "Make a recipe from a workflow that ComfyUI exported");
    import->add_option("WORKFLOW", found.files, "A file from Workflow > Export (API)")->type_name(" ");
    import->add_option("--id", found.recipe_name, "The recipe's id (the file's name)")->type_name("ID");
    import->add_option("-o,--output", found.out_dir, "Folder for the two files (the folder of recipes)")
        ->type_name("DIR");
    for (auto* command : {lint, list_recipes, show, import})
        command
            ->add_option("--dir", found.recipes_dir,
                         "Folder of recipes (or RECIPES_DIR; recipes in the data folder)")
            ->type_name("DIR");
    recipes->footer("Needs no server. The format of a recipe is in docs/recipes.md.");
}

void Grammar::add_endpoint() {
    endpoint = add(app, "endpoint", "Play a RunPod Serverless endpoint on this machine");
    endpoint->add_option("--listen", found.listen, "Where to listen (127.0.0.1:0, a free port)")
        ->type_name("ADDRESS:PORT");
    endpoint->add_option("--endpoint", found.endpoint_id, "Its id (ep-local)")->type_name("ID");
    endpoint->add_option("--client-key", found.client_key, "API key of clients (local-client-key)")
        ->type_name("KEY");
    endpoint->add_option("--worker-key", found.worker_key, "Key of workers (local-worker-key)")
        ->type_name("KEY");
    endpoint
        ->add_option("--journal", found.journal, "Append to this file what really happened, as JSON lines")
        ->type_name("FILE");
    add_repeatable(*endpoint, "--fault", found.faults, "NAME=WHEN",
                   "A fault: always, with a probability as 0.1, or at calls as #3-7; behind a colon its "
                   "number, as in webhook_delay=0.1:3000");
    add_repeatable(*endpoint, "--set", found.endpoint_settings, "NAME=VALUE",
                   "A setting, as in cold_start_ms=3000; a wrong name lists them all");
    endpoint
        ->add_option("--time-scale", found.time_scale,
                     "Retention, ttl, webhook pauses, cold start and long polls pass N times faster")
        ->type_name("N");
    endpoint->footer(
        "Prints its base URL on standard output, and what a worker's environment has to say. Official SDKs "
        "and workers\nuse it unmodified. GET /_darkroom/faults lists the faults; POST there sets them at run "
        "time;\nGET /_darkroom/journal tells what really happened.\n\n"
        "  darkroom endpoint --fault webhook_drop=0.5 --fault run_429=#3-7:2 --time-scale 10");
}

}  // namespace darkroom::cli
