-- Replace an account's record if nobody changed it meanwhile.
--
-- KEYS  the record; the events, if there is one
-- ARGV  the version that the caller read, number of fields and values, these;
--       then the words of the event's XADD behind the key
-- Returns the new version, or false.
local old = redis.call('HGET', KEYS[1], 'version') or '0'
if old ~= ARGV[1] then return false end
local last = 2 + tonumber(ARGV[2])
-- first: where the event is refused, nothing is changed
if KEYS[2] then redis.call('XADD', KEYS[2], unpack(ARGV, last + 1)) end
local t = redis.call('TIME')
local version = math.max(tonumber(old) + 1, t[1] * 1000000 + t[2])
local text = string.format('%.0f', version)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', text, unpack(ARGV, 3, last))
return text
