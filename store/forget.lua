-- Take an account of which nothing is left out of the accounts.
--
-- KEYS  its record, its counters, the accounts
-- ARGV  the account
local call = redis.call
if call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
return call('ZREM', KEYS[3], ARGV[1])
