-- Take an entry off the suppression list.
--
-- KEYS  the entry; the events, if there is one
-- ARGV  the words of the event's XADD behind the key
-- Returns 1, or 0 when there is no such entry.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
-- first: where the event is refused, nothing is changed
if KEYS[2] then redis.call('XADD', KEYS[2], unpack(ARGV)) end
return redis.call('DEL', KEYS[1])
