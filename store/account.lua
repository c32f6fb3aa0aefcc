-- Replace an account's record if nobody changed it meanwhile.
--
-- KEYS  the record
-- ARGV  the version that the caller read, then fields and values
-- Returns the new version, or false.
local old = redis.call('HGET', KEYS[1], 'version') or '0'
if old ~= ARGV[1] then return false end
local t = redis.call('TIME')
local version = math.max(tonumber(old) + 1, t[1] * 1000000 + t[2])
local text = string.format('%.0f', version)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', text, unpack(ARGV, 2))
return text
