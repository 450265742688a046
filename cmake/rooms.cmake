# One room = one static library + one test program. The lists of sources and links are spelled out in each room.

# darkroom_room(<room> SOURCES <file>... [LINKS <target>...] [TESTS <file>...] [TEST_LINKS <target>...])
# makes darkroom::<room>; slashes in the room's name become underscores in target names (store/sqlite -> store_sqlite).
function(darkroom_room room)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "SOURCES;LINKS;TESTS;TEST_LINKS")
  string(REPLACE "/" "_" name ${room})
  set(target darkroom_${name})
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    set(visibility PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
  endif()
  add_library(darkroom::${name} ALIAS ${target})
  target_include_directories(${target} ${visibility} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} ${visibility} ${ROOM_LINKS})
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  list(FILTER headers EXCLUDE REGEX "_fixture[.]h$")  # of tests: they see more than the room does
  target_sources(${target} ${visibility} FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${headers})
  if(ROOM_TESTS)
    darkroom_test(${name}_test SOURCES ${ROOM_TESTS} LINKS darkroom::${name} ${ROOM_TEST_LINKS})
  endif()
endfunction()

# Makes the owner of the headers that nearly every test includes: compiled once, they save 0.7 s in each file of tests.
# An executable, because libraries are compiled with -fPIC and tests with -fPIE, which GCC does not mix here.
function(darkroom_test_headers)
  set(source "${CMAKE_BINARY_DIR}/test_headers.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// A target needs a source; this one is there for its precompiled headers.\n")
  add_executable(darkroom_test_headers EXCLUDE_FROM_ALL "${source}")
  target_link_libraries(darkroom_test_headers PRIVATE GTest::gmock GTest::gtest_main)
  target_compile_options(darkroom_test_headers PRIVATE ${DARKROOM_TEST_OPTIONS})
  target_precompile_headers(darkroom_test_headers PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <boost/json/array.hpp> <boost/json/object.hpp> <boost/json/value.hpp>
    <algorithm> <atomic> <chrono> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <random>
    <string> <thread> <vector>)
endfunction()

# Tests are compiled for quick compiling, in half the time of -O2: what they measure is in the rooms.
# ccache can only reuse what was compiled with precompiled headers if GCC tells it of them. The last two come with
# libvips, and GCC wants the same macros in all that share such headers.
set(DARKROOM_TEST_OPTIONS $<$<CONFIG:RelWithDebInfo>:-Og> $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
                          -pthread -DGTEST_HAS_PTHREAD=1)

# darkroom_test(<name> SOURCES <file>... [LINKS <target>...] [TIMEOUT <seconds>] [SERIAL] [LONG] [TOGETHER])
# SERIAL: the test measures or loads the machine, so ctest runs nothing beside it.
# LONG: too long for a sanitizer run; labelled `long`.
# TOGETHER: one process runs all tests of the program, because they share something that starts slowly.
function(darkroom_test name)
  if(NOT DARKROOM_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 TEST "SERIAL;LONG;TOGETHER" "TIMEOUT" "SOURCES;LINKS")
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${TEST_LINKS} GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${DARKROOM_TEST_OPTIONS})
  target_precompile_headers(${name} REUSE_FROM darkroom_test_headers)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  set(properties TIMEOUT ${TEST_TIMEOUT})
  if(TEST_SERIAL)
    list(APPEND properties RUN_SERIAL ON)
  endif()
  if(TEST_LONG)
    list(APPEND properties LABELS long)
  endif()
  if(TEST_TOGETHER)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties})
  else()
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
  endif()
endfunction()
