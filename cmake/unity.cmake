# Sources of one target are compiled several at a time, so that what they include is read once: a clean build takes less
# than half of the time. Two files that are compiled together must not use one name for different things, also not in
# their anonymous namespaces. These are compiled alone, because their names are right where they are:
# (./dev check tidy compiles every file alone and so sees what it forgot to include.)
option(DARKROOM_TOGETHER "Compile several sources at a time" ON)
set(CMAKE_UNITY_BUILD ${DARKROOM_TOGETHER})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

set(darkroom_compiled_alone
    apps/darkroom-imaging/keep_picture.cpp
    apps/darkroom-imaging/keep_picture_test.cpp
    apps/darkroom-imaging/picture_job_test.cpp
    apps/darkroom-imaging/result_files.cpp
    bench/imaging/key_set.cpp
    bench/imaging/matte_set.cpp
    bench/imaging/old_set.cpp
    bench/imaging/picture_metrics.cpp
    bench/relay/relayed_gateway.cpp
    src/api/problem.cpp
    src/api/problem_test.cpp
    src/api/remote_jobs.cpp
    src/app/endpoint_command.cpp
    src/app/environment.cpp
    src/app/key_files_test.cpp
    src/app/pod_doctor.cpp
    src/app/settings_test.cpp
    src/app/worker_comfy.cpp
    src/app/worker_settings_test.cpp
    src/cli/command_line.cpp
    src/comfyui/file_download.cpp
    src/comfyui/upload_body.cpp
    src/core/input_url_rules.cpp
    src/core/ip_address.cpp
    src/core/multipart_test.cpp
    src/core/object_key_test.cpp
    src/dispatch/collector_remote.cpp
    src/dispatch/site_pace.cpp
    src/http/curl_open_test.cpp
    src/http/curl_target_test.cpp
    src/http/server_pieces_test.cpp
    src/imaging/networks/network_stage_test.cpp
    src/imaging/ops/region_cover.cpp
    src/imaging/ops/restore.cpp
    src/imaging/ops/restore_test.cpp
    src/imaging/ops/smooth_fill.cpp
    src/imaging/ops/upscale_sharpen.cpp
    src/imaging/ops/upscale_test.cpp
    src/imaging/pool/local_backend_test.cpp
    src/intake/url_fetch.cpp
    src/recipes/canonical_json.cpp
    src/recipes/params_test.cpp
    src/recipes/recipe_choice_test.cpp
    src/recipes/recipe_lint_test.cpp
    src/recipes/recipe_onnx_test.cpp
    src/runpod/backend/link_reader.cpp
    src/runpod/client/retry_after_test.cpp
    src/runpod/endpoint/job_table_test.cpp
    src/runpod/endpoint/rate_limits_test.cpp
    src/runpod/endpoint/webhook_schedule_test.cpp
    src/runpod/protocol/json_members.cpp
    src/runpod/protocol/work_result_test.cpp
    src/runpod/scale/scale_controller.cpp
    src/runpod/scale/scale_policy.cpp
    src/runpod/scale/scale_policy_test.cpp
    src/runpod/worker/result_post_test.cpp
    src/runpod/worker/worker_test.cpp
    src/runpod/worker/workflow_jobs_test.cpp
    src/store/sqlite/remote_rows_test.cpp
    src/webhooks/completion_hook_test.cpp
    src/webhooks/tally_test.cpp
    tests/conformance/remote_samples.cpp
    tests/e2e/cli_commands_test.cpp
    tests/e2e/cli_run_test.cpp
    tests/e2e/storm_clients.cpp
    tests/integration/remote_outputs_test.cpp
    tests/s3/random_faults_test.cpp
)

# To be called when all folders were added.
function(darkroom_compile_alone)
  set(borrowers "")
  if(DARKROOM_TESTS)
    set(borrowers ${CMAKE_SOURCE_DIR}/tests/serverless ${CMAKE_SOURCE_DIR}/tests/pod ${CMAKE_SOURCE_DIR}/tests/worker)
  endif()
  foreach(path IN LISTS darkroom_compiled_alone)
    if(path MATCHES "^(bench|tests|tools)/" AND NOT DARKROOM_TESTS)
      continue()
    endif()
    if(NOT EXISTS "${CMAKE_SOURCE_DIR}/${path}")
      message(FATAL_ERROR "cmake/unity.cmake names ${path}, which is not there")
    endif()
    cmake_path(GET path PARENT_PATH folder)
    # What the tests of one folder lend to those of others is compiled there as well.
    set_source_files_properties(${CMAKE_SOURCE_DIR}/${path} DIRECTORY ${CMAKE_SOURCE_DIR}/${folder} ${borrowers}
                                PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
endfunction()
