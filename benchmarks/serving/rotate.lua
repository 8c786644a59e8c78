-- For wrk: sends the requests in the file named by the first argument, in turn, and prints one line.
-- A request of the file: a line with its headers as `Name: value`, each before a tab, and the number of
-- bytes of its body; then its body.

local requests, turn = {}, 0

init = function(args)
  local file = assert(io.open(args[1], "rb"))
  for line in file:lines() do
    local head, size = line:match("^(.*\t)(%d+)$")
    local headers = {}
    for name, value in head:gmatch("([%w-]+): ([^\t]*)\t") do
      headers[name] = value
    end
    local body = size == "0" and "" or file:read(tonumber(size))
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
  file:close()
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
