-- Merge an entry into the suppression list: suppression_merge() of
-- policy/suppression.h is the model.
--
-- KEYS  the entry; the events, if there is one
-- ARGV  reason, since, until (0: never), source, address, note; then the words
--       of the event's XADD behind the key
-- Returns 0 unchanged, 1 changed, 2 added.
local key, reason, since, ends = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local source, address, note = ARGV[4], ARGV[5], ARGV[6]
local result, ended = 2, '0'
-- one field alone, since of a list that is imported most entries are new
if redis.call('HEXISTS', key, 'reason') == 1 then
  local strength = {soft = 1, manual = 2, hard = 3, unsubscribe = 4, complaint = 5}
  local old = redis.call('HMGET', key, 'reason', 'since', 'until', 'source', 'address', 'note')
  result, since, ended = 1, old[2], old[3]
  local before, after = strength[old[1]] or 0, strength[reason]
  if before > after then reason = old[1] end
  if before >= after then source = old[4] end
  if before > after or note == '' then note = old[6] end
  if address == '' then address = old[5] end
  if ended == '0' or (ends ~= '0' and tonumber(ended) > tonumber(ends)) then ends = ended end
  if reason == old[1] and ends == ended and source == old[4] and address == old[5] and
      note == old[6] then
    return 0
  end
end
-- first: where the event is refused, nothing is changed
if KEYS[2] then redis.call('XADD', KEYS[2], unpack(ARGV, 7)) end
redis.call('HSET', key, 'reason', reason, 'since', since, 'until', ends, 'source', source,
  'address', address, 'note', note)
if ends ~= '0' then
  redis.call('PEXPIREAT', key, math.floor(tonumber(ends) / 1000))
elseif ended ~= '0' then
  redis.call('PERSIST', key)
end
return result
