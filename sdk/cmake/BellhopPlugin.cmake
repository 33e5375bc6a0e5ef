# bellhop_add_plugin(NAME SOURCES file… [OUTPUT_DIRECTORY dir] [NO_INSTALL])
#   The plugin NAME.so as the target NAME: link it to more with target_link_libraries(NAME PRIVATE …). It lands in
#   <build>/lib/bellhop/plugins and is installed to lib/bellhop/plugins, where `plugin = "NAME"` finds it.
#
# The same rules for everybody's plugins, because each keeps a trouble away that has been seen:
#   hidden visibility, version script   one exported symbol: two plugins never share inline statics (STB_GNU_UNIQUE)
#   --exclude-libs,ALL                  a static dependency stays private and never binds to another library's copy
#   -z defs                             a missing library is an error of the build, not of the first delivery
#   -z nodelete                         the code is never unmapped under a thread that still runs in it

function(bellhop_add_plugin name)
  cmake_parse_arguments(PLUGIN "NO_INSTALL" "OUTPUT_DIRECTORY" "SOURCES" ${ARGN})
  if(NOT PLUGIN_SOURCES OR PLUGIN_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "bellhop_add_plugin(${name}): say bellhop_add_plugin(${name} SOURCES file… "
                        "[OUTPUT_DIRECTORY dir] [NO_INSTALL])")
  endif()
  if(NOT PLUGIN_OUTPUT_DIRECTORY)
    set(PLUGIN_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/bellhop/plugins)
  endif()

  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  add_library(${name} MODULE ${PLUGIN_SOURCES})
  target_link_libraries(${name} PRIVATE Bellhop::sdk)
  target_compile_features(${name} PRIVATE c_std_99 cxx_std_17)
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY ${PLUGIN_OUTPUT_DIRECTORY}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON LINK_DEPENDS ${map})
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${map}" "LINKER:--exclude-libs,ALL" "LINKER:-z,nodelete"
    "LINKER:--build-id=sha1")  # a crash is told with it
  # clang's sanitizers leave their runtime undefined in shared libraries, on purpose.
  if(NOT (BELLHOP_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES Clang))
    target_link_options(${name} PRIVATE "LINKER:-z,defs")
  endif()
  if(COMMAND bellhop_flags)
    bellhop_flags(${name})
  endif()

  if(NOT PLUGIN_NO_INSTALL)
    if(NOT BELLHOP_PLUGINDIR)
      set(BELLHOP_PLUGINDIR lib/bellhop/plugins)
    endif()
    install(TARGETS ${name} LIBRARY DESTINATION ${BELLHOP_PLUGINDIR})
  endif()
endfunction()

# bellhop_add_plugin_test(NAME PLUGIN target SOURCES file…)
#   A test program of the plugin that bellhop_add_plugin(target …) makes, registered with ctest. BELLHOP_PLUGIN_FILE is
#   the path of the library: FakeHost host(BELLHOP_PLUGIN_FILE), from <bellhop/testing.hpp>.
function(bellhop_add_plugin_test name)
  cmake_parse_arguments(TEST "" "PLUGIN" "SOURCES" ${ARGN})
  if(NOT TEST_PLUGIN OR NOT TEST_SOURCES OR TEST_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "bellhop_add_plugin_test(${name}): say bellhop_add_plugin_test(${name} PLUGIN target "
                        "SOURCES file…)")
  endif()
  find_package(Threads REQUIRED)
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE Bellhop::sdk Threads::Threads ${CMAKE_DL_LIBS})
  target_compile_features(${name} PRIVATE cxx_std_17)
  target_compile_definitions(${name} PRIVATE "BELLHOP_PLUGIN_FILE=\"$<TARGET_FILE:${TEST_PLUGIN}>\"")
  add_dependencies(${name} ${TEST_PLUGIN})
  add_test(NAME ${name} COMMAND ${name})
endfunction()
