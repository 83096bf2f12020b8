# Flags shared by everything. Warnings are errors on both compilers.
add_library(bailiwick_options INTERFACE)
target_include_directories(bailiwick_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(bailiwick_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wimplicit-fallthrough -Werror -fstack-protector-strong -fno-strict-aliasing)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own headers at -O2.
  target_compile_options(bailiwick_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-missing-field-initializers)
else()
  # designated initialisers name what differs from the default; the rest is the default on purpose
  target_compile_options(bailiwick_options INTERFACE -Wno-missing-designated-field-initializers)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(bailiwick_options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(BAILIWICK_SANITIZE)
  target_compile_options(bailiwick_options INTERFACE -fsanitize=${BAILIWICK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(bailiwick_options INTERFACE -fsanitize=${BAILIWICK_SANITIZE})
  target_compile_definitions(bailiwick_options INTERFACE BAILIWICK_SANITIZED=1)
endif()
if(BAILIWICK_FUZZ)
  target_compile_options(bailiwick_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_options(bailiwick_options INTERFACE -Wl,-z,relro,-z,now)
target_compile_definitions(bailiwick_options INTERFACE BAILIWICK_VERSION="${PROJECT_VERSION}")
