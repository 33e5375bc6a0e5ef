# bellhop-host, the child's program. It links no room: only the files that it needs, so that it stays bare.
add_executable(bellhop-host
  host/host_main.cpp host/program/serve.cpp host/program/link.cpp host/program/manifest_json.cpp
  host/program/last_words.cpp host/program/contain.cpp host/program/landlock.cpp host/program/syscall_filter.cpp
  host/containment.cpp host/guest.cpp host/guest_services.cpp host/guest_tables.cpp host/library.cpp host/elf_file.cpp
  host/json_tree.cpp host/sentence.cpp host/wire.cpp host/wire_services.cpp host/service_call.cpp
  host/metric_sample.cpp event/staged.cpp
  base/clock.cpp)
bellhop_flags(bellhop-host)
target_include_directories(bellhop-host PRIVATE ${PROJECT_SOURCE_DIR}/core)
target_link_libraries(bellhop-host PRIVATE bellhop_sdk Threads::Threads ${CMAKE_DL_LIBS})
# Not static under a sanitizer: its runtime and the C++ runtime must be the ones that it was made for.
if(NOT BELLHOP_SANITIZE)
  target_link_options(bellhop-host PRIVATE -static-libstdc++ -static-libgcc)
endif()
set_target_properties(bellhop-host PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/libexec/bellhop)
install(TARGETS bellhop-host RUNTIME DESTINATION ${BELLHOP_LIBEXECDIR})
