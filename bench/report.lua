-- Send the requests of a file in turn, if there is one: a line each, its key and its target. A third column
-- of the command line is how many milliseconds to wait before each.
local requests, at, pause = {}, 0, 0

function init(args)
  if args[1] then
    for line in io.lines(args[1]) do
      local key, target = line:match("(%S+) (%S+)")
      requests[#requests + 1] = wrk.format("GET", target, {["X-API-Key"] = key, ["Host"] = "localhost"})
    end
    pause = tonumber(args[2] or "0")
    if pause > 0 then
      delay = function() return math.floor(pause + math.random()) end -- wrk takes whole ones
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
