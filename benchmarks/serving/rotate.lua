-- For wrk: sends the lines of the file named by the first argument, in turn, and prints one line.

local requests, turn = {}, 0

init = function(args)
  local headers = { ["Content-Type"] = "application/json" }
  for body in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

request = function()
  turn = turn % #requests + 1
  return requests[turn]
end

done = function(summary, latency)
  local seen = summary.errors
  io.write(string.format(
    "RESULT %.3f %.6f %.6f %d\n",
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    seen.status + seen.connect + seen.read + seen.write + seen.timeout
  ))
end
