-- For wrk: sends the requests in the file named by the first argument, in turn, and prints one line.
-- A line of the file is a request: its headers as `Name: value`, each behind a tab, then its body in
-- hexadecimal digits.

local requests, turn = {}, 0

local function body_of(digits)
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

init = function(args)
  for line in io.lines(args[1]) do
    local head, digits = line:match("^(.*\t)(%x*)$")
    local headers = {}
    for name, value in head:gmatch("([%w-]+): ([^\t]*)\t") do
      headers[name] = value
    end
    requests[#requests + 1] = wrk.format("POST", nil, headers, body_of(digits))
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
