-- Asks for the paths in a file, one after the other, and says what came of it as JSON.
-- Arguments: the file, which path to begin with, then header lines.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(args)
  paths = {}
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  start = tonumber(args[2])
  asked = 0
  local lines = {}
  for i = 3, #args do lines[#lines + 1] = args[i] end
  lines[#lines + 1] = "Host: " .. wrk.headers["Host"]
  tail = " HTTP/1.1\r\n" .. table.concat(lines, "\r\n") .. "\r\n\r\n"
end

function request()
  local path = paths[(start + asked) % #paths + 1]
  asked = asked + 1
  return "GET " .. path .. tail
end

function done(summary, latency, requests)
  local asked = 0
  for _, thread in ipairs(threads) do asked = asked + thread:get("asked") end
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "bytes": %d, "p50": %f, "p99": %f, ' ..
    '"refused": %d, "broken": %d, "asked": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    asked))
end
