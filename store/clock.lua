-- A piece of other scripts: the time, in microseconds, by the clock of the server.
local call = redis.call
local function clock()
  local t = call('TIME')
  return t[1] * 1000000 + t[2]
end
