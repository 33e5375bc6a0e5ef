# Prometheus::core: the registry and the text format of prometheus-cpp. Its own package file also wants the HTTP server and
# the push gateway with their libraries (civetweb, curl), which we neither use nor link.
find_path(PROMETHEUS_INCLUDE_DIR prometheus/registry.h REQUIRED)
find_library(PROMETHEUS_CORE_LIBRARY prometheus-cpp-core REQUIRED)
add_library(Prometheus::core UNKNOWN IMPORTED)
set_target_properties(Prometheus::core PROPERTIES IMPORTED_LOCATION ${PROMETHEUS_CORE_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${PROMETHEUS_INCLUDE_DIR})
