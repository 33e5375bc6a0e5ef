-- SPDX-License-Identifier: Apache-2.0
-- wrk: posts the vendor's sample, every request another notification and one of 10,000 bookings.
-- Environment: BENCH_PATH (request path), BENCH_SAMPLE (file), BENCH_RUN (number that makes this run's ids its own).
local thread_number = 0
function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  local file = io.open(os.getenv("BENCH_SAMPLE"), "rb")
  local sample = file:read("*a")
  file:close()
  -- "id": 1 of the envelope and every BOOKING_ID vary.
  local from, to = sample:find('"id": 1,', 1, true)
  head = sample:sub(1, from - 1) .. '"id": '
  parts = {}
  local rest = ',' .. sample:sub(to + 1)
  local at = 1
  while true do
    local b, e = rest:find("BOOKING_ID", at, true)
    if not b then break end
    parts[#parts + 1] = rest:sub(at, b - 1)
    at = e + 1
  end
  parts[#parts + 1] = rest:sub(at)
  path = os.getenv("BENCH_PATH")
  base = tonumber(os.getenv("BENCH_RUN") or "1") * 1000000000 + number * 100000000
  count = 0
  headers = {["Content-Type"] = "application/json"}
end

function request()
  count = count + 1
  local body = head .. (base + count) .. table.concat(parts, "B" .. (count % 10000))
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, latency:percentile(50), latency:percentile(99)))
end
