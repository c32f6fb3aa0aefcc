-- A piece of other scripts: what an account sent and what came of it, counted
-- by the hour in which the message was accepted, in a hash whose fields are
-- "HOUR:NAME", and kept for 31 days: the longest window there is.
local KEEP_HOURS = 31 * 24

-- The hour of a time; of one that is not said (0) or still to come, that of now.
local function hour_of(now, time)
  if time == 0 or time > now then time = now end
  return math.floor(time / 3600e6)
end

-- With a counter that begins: all of them live on, and the account is known as
-- long; those whose time is over go.
local function keep(now, sent, accounts, account)
  call('EXPIRE', sent, KEEP_HOURS * 3600)
  call('ZREMRANGEBYSCORE', accounts, '-inf', math.floor(now / 1e6))
  call('ZADD', accounts, 'GT', math.floor(now / 1e6) + KEEP_HOURS * 3600, account)
end
