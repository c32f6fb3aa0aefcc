-- Note that a recipient waits in the queue.
--
-- KEYS  the queue id, its deferrals
-- ARGV  recipient, what is known of it, how many there may be, seconds that a
--       queue id is known
-- Returns 1, or 0 where it is not noted.
local call = redis.call
local queued = call('GET', KEYS[1])
if not queued then return 0 end
-- Postfix may give a queue id again: what is noted of another message is old.
if call('HGET', KEYS[2], '') ~= queued then
  call('DEL', KEYS[2])
  call('HSET', KEYS[2], '', queued)
end
-- not counting the message itself
if call('HLEN', KEYS[2]) > tonumber(ARGV[3]) and call('HEXISTS', KEYS[2], ARGV[1]) == 0 then
  return 0
end
call('HSET', KEYS[2], ARGV[1], ARGV[2])
call('EXPIRE', KEYS[2], ARGV[4])
-- as long as it waits it is known: it may be on hold, or wait longer than most
call('EXPIRE', KEYS[1], ARGV[4])
return 1
