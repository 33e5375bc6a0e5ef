# find_package(Bellhop): Bellhop::sdk (headers) and bellhop_add_plugin().
include("${CMAKE_CURRENT_LIST_DIR}/BellhopTargets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/BellhopPlugin.cmake")
