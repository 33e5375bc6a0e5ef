# Warnings and hardening of our own targets: bellhop_flags(target).
option(BELLHOP_WERROR "Warnings are errors" ${PROJECT_IS_TOP_LEVEL})

function(bellhop_flags target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wcast-align -Wformat=2 -Wswitch
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
    -fno-omit-frame-pointer -fstack-protector-strong
    $<$<BOOL:${BELLHOP_WERROR}>:-Werror>)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # RapidJSON's iterators compare in a way that C++20 turns round; its headers are not ours to mend.
    target_compile_options(${target} PRIVATE -Wthread-safety
      $<$<COMPILE_LANGUAGE:CXX>:-Wno-ambiguous-reversed-operator>)
  endif()
  if(BELLHOP_CRASH_POINTS)
    target_compile_definitions(${target} PRIVATE BELLHOP_CRASH_POINTS=1)
  endif()
  target_compile_definitions(${target} PRIVATE BELLHOP_VERSION="${PROJECT_VERSION}")
endfunction()

if(BELLHOP_SANITIZE)
  add_compile_options(-fsanitize=${BELLHOP_SANITIZE} -fno-sanitize-recover=all -g)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # It sees uninitialized members in code that sanitizers have rearranged.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  add_link_options(-fsanitize=${BELLHOP_SANITIZE})
  add_compile_definitions(BELLHOP_SANITIZED=1)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  add_compile_definitions($<$<COMPILE_LANGUAGE:CXX>:_FORTIFY_SOURCE=2>)
endif()
add_link_options(-Wl,-z,relro,-z,now)
