// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.hpp"

namespace bellhop::core {

HttpLimits http_limits(const HttpConfig &http) {
  HttpLimits limits;
  limits.body_bytes_max = http.body_bytes_max;
  limits.bodies_bytes_max = http.bodies_bytes_max;
  limits.header_bytes_max = http.header_bytes_max;
  limits.header_fields_max = http.header_fields_max;
  limits.connections_max = http.connections_max;
  limits.connections_per_address_max = http.connections_per_address_max;
  limits.trusted_proxies = http.trusted_proxies;
  limits.threads_max = http.threads_max;
  limits.header_deadline_ms = http.header_deadline_ms;
  limits.body_deadline_ms = http.body_deadline_ms;
  limits.idle_ms_max = http.idle_ms_max;
  limits.requests_per_connection_max = http.requests_per_connection_max;
  return limits;
}

EgressOptions egress_options(const Config &config) {
  const EgressConfig &egress = config.egress;
  EgressOptions options;
  options.threads_max = egress.threads_max;
  options.connect_timeout_ms = egress.connect_timeout_ms;
  options.tls_timeout_ms = egress.tls_timeout_ms;
  options.first_byte_timeout_ms = egress.first_byte_timeout_ms;
  options.total_timeout_ms = egress.total_timeout_ms;
  options.response_bytes_max = egress.response_bytes_max;
  options.pool_idle_ms = egress.pool_idle_ms;
  options.proxy = egress.proxy;
  options.proxy_except = egress.proxy_except;
  options.ca_file = egress.ca_file;
  for (const LimitConfig &limit : config.limits) options.limits[limit.name] = {limit.count, limit.per_ms, limit.burst};
  return options;
}

}  // namespace bellhop::core
