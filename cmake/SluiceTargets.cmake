# How the folders of this tree become targets.  A folder is a library; what it may use is its DEPENDS list, so an
# arrow that the architecture forbids does not link.  Unit tests (*_test.cc) stand beside the code and become one
# test program a folder; every test in it is a test of ctest.

option(SLUICE_FUZZERS "Build the fuzz targets with libFuzzer (needs clang)" OFF)
set(SLUICE_SANITIZE "" CACHE STRING "Sanitizers for all of our code, e.g. address,undefined or thread")

add_library(sluice_options INTERFACE)
target_compile_options(sluice_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely inside the standard library and in moved-from variants at -O2.
  target_compile_options(sluice_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
    -Wno-array-bounds -Wno-dangling-pointer)
endif()
target_include_directories(sluice_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(sluice_options INTERFACE SLUICE_VERSION="${PROJECT_VERSION}")
if(SLUICE_SANITIZE)
  target_compile_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND SLUICE_SANITIZE MATCHES "thread")
    # Boost's fences are not modelled by TSan; our daemons are single-threaded, so the diagnosis is noise.
    target_compile_options(sluice_options INTERFACE -Wno-tsan)
  endif()
endif()

# `lint` runs clang-tidy over what changed since it was last clean: one stamp a target, renewed when its objects are.
find_program(CLANG_TIDY NAMES clang-tidy-16)
add_custom_target(lint)
function(sluice_lint name)
  if(NOT CLANG_TIDY OR NOT ARGN)
    return()
  endif()
  set(stamp ${CMAKE_BINARY_DIR}/lint/${name}.stamp)
  add_custom_command(OUTPUT ${stamp}
    COMMAND ${CLANG_TIDY} --quiet --extra-arg=-Wno-unknown-warning-option -p ${CMAKE_BINARY_DIR} ${ARGN}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS $<TARGET_OBJECTS:${name}> ${CMAKE_SOURCE_DIR}/.clang-tidy
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} COMMENT "Linting ${name}" VERBATIM)
  add_custom_target(lint_${name} DEPENDS ${stamp})
  add_dependencies(lint lint_${name})
endfunction()

# What has more than one thread, and so is worth running under the thread sanitizer: THREADS in the two functions below.
# The daemons have one each, but for what libunbound starts in qmail-rspawn and for the syncs of qmail-local.
add_custom_target(threaded)

# sluice_library(NAME [THREADS | THREADED filter] [DEPENDS lib...] [TEST_DEPENDS lib...] [EXCLUDE file...])
# Makes the library NAME of the *.cc files in the current folder, and NAME_test of its *_test.cc files.
# THREADS: the tests start threads. THREADED: those that match this filter; the others would be too slow under the thread
# sanitizer.
function(sluice_library name)
  cmake_parse_arguments(ARG "THREADS" "THREADED" "DEPENDS;TEST_DEPENDS;EXCLUDE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  foreach(file ${ARG_EXCLUDE})
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC sluice_options ${ARG_DEPENDS})
    sluice_lint(${name} ${sources})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE sluice_options ${ARG_DEPENDS})
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${ARG_TEST_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    set(filter "")
    if(ARG_THREADED AND SLUICE_SANITIZE MATCHES "thread")
      set(filter --gtest_filter=${ARG_THREADED})
    endif()
    add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1 ${filter})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
    if(ARG_THREADS OR ARG_THREADED)
      set_tests_properties(${name} PROPERTIES LABELS threads)
      add_dependencies(threaded ${name}_test)
    endif()
  endif()
endfunction()

add_custom_target(programs)  # all of them and nothing else: no tests, benchmarks, fuzz targets

# sluice_program(NAME [THREADS] [DEPENDS lib...] [TEST_DEPENDS lib...])
# The program NAME of the *.cc files in the current folder, in bin/.  Where unit tests stand in the folder, everything
# but main.cc becomes the library NAME_parts, which the program and NAME_test share.
function(sluice_program name)
  cmake_parse_arguments(ARG "THREADS" "" "DEPENDS;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(tests)
    set(threads "")
    if(ARG_THREADS)
      set(threads THREADS)
    endif()
    sluice_library(${name}_parts ${threads} EXCLUDE main.cc DEPENDS ${ARG_DEPENDS} TEST_DEPENDS ${ARG_TEST_DEPENDS})
    add_executable(${name} main.cc)
    target_link_libraries(${name} PRIVATE ${name}_parts)
    sluice_lint(${name} ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
  else()
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE sluice_options ${ARG_DEPENDS})
    sluice_lint(${name} ${sources})
  endif()
  add_dependencies(programs ${name})
  if(ARG_THREADS)
    add_dependencies(threaded ${name})
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
endfunction()
