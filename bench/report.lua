-- Send the requests of a file in turn, if there is one: a line each, its key and its target. A third column
-- of the command line is how many milliseconds one is to come after the other, of all connections together.
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, micros; } point; int gettimeofday(point *, void *);")
local requests, at, gap, due = {}, 0, 0, 0

local function now()
  local point = ffi.new("point")
  ffi.C.gettimeofday(point, nil)
  return tonumber(point.seconds) * 1e3 + tonumber(point.micros) / 1e3
end

-- Return how many milliseconds the next request waits; what is late catches up for no more than a second.
local function wait()
  local moment = now()
  due = math.max(due + gap, moment - 1e3)
  return math.max(0, math.floor(due - moment + math.random())) -- wrk takes whole ones
end

-- A run that only shows that the bench works ends after so many responses.
local most = tonumber(os.getenv("BENCH_RESPONSES") or "0")
if most > 0 then
  response = function()
    most = most - 1
    if most == 0 then
      wrk.thread:stop()
    end
  end
end

function init(args)
  if args[1] then
    for line in io.lines(args[1]) do
      local key, target = line:match("(%S+) (%S+)")
      requests[#requests + 1] = wrk.format("GET", target, {["X-API-Key"] = key, ["Host"] = "localhost"})
    end
    gap = tonumber(args[2] or "0")
    if gap > 0 then
      due, delay = now(), wait
    end
    request = function()
      at = at % #requests + 1
      return requests[at]
    end
  end
end

-- Print what wrk measured as one line of JSON, in microseconds.
function done(summary, latency, _)
  io.write(string.format(
    '{"requests": %d, "duration": %d, "failed": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
