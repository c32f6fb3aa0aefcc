-- A piece of other scripts: what an account sent and what came of it, counted
-- by the hour in which the message was accepted, in a hash whose fields are
-- "HOUR:NAME", and kept for 31 days: the longest window there is.
local KEEP_HOURS = 31 * 24

-- When no time is said, or one that is still to come, it is now.
local function at_most(now, time)
  return (time == 0 or time > now) and now or time
end

local function hour_of(time)
  return math.floor(time / 3600e6)
end

-- True when the hour's counter begins with it.
local function count(sent, hour, name, amount)
  return call('HINCRBY', sent, string.format('%.0f:%s', hour, name), amount) == amount
end

-- The counters live on, and the account is known.
local function keep(sent, accounts, account)
  call('EXPIRE', sent, KEEP_HOURS * 3600)
  call('SADD', accounts, account)
end
