-- Replace an account's record if nobody changed it meanwhile.
-- needs clock
--
-- KEYS  the record, the counters, the accounts, the standings; the events, if
--       there is one
-- ARGV  the version that the caller read, account, number of fields and values,
--       these; then the words of the event's XADD behind the key
-- Returns the new version, or false.
local old = call('HMGET', KEYS[1], 'version', 'standing', 'restarted')
local before = old[1] or '0'
if before ~= ARGV[1] then return false end
local last = 3 + tonumber(ARGV[3])
-- first: where the event is refused, nothing is changed
if KEYS[5] then call('XADD', KEYS[5], unpack(ARGV, last + 1)) end
local version = string.format('%.0f', math.max(tonumber(before) + 1, clock()))
call('DEL', KEYS[1])
call('HSET', KEYS[1], 'version', version, unpack(ARGV, 4, last))
-- a record stays, so the account stays known
call('ZADD', KEYS[3], '+inf', ARGV[2])

-- How many accounts stand otherwise than healthy: to count them would be a walk.
local new = call('HMGET', KEYS[1], 'standing', 'restarted')
local was, is = old[2] or 'healthy', new[1] or 'healthy'
if was ~= is then
  if was ~= 'healthy' then call('HINCRBY', KEYS[4], was, -1) end
  if is ~= 'healthy' then call('HINCRBY', KEYS[4], is, 1) end
end

if tonumber(new[2] or 0) > tonumber(old[3] or 0) then call('DEL', KEYS[2]) end
return version
