-- A piece of other scripts: an entry of the suppression list, and how another
-- one is merged into it.  suppression_merge() of policy/suppression.h is the model.

-- What becomes of the entry at KEY: its change is 0 unchanged, 1 changed, 2 added.
local function merge(key, reason, since, ends, source, address, note)
  local change, ended = 2, '0'
  -- one field alone, since of a list that is imported most entries are new
  if call('HEXISTS', key, 'reason') == 1 then
    local strength = {soft = 1, manual = 2, hard = 3, unsubscribe = 4, complaint = 5}
    local old = call('HMGET', key, 'reason', 'since', 'until', 'source', 'address', 'note')
    change, since, ended = 1, old[2], old[3]
    local before, after = strength[old[1]] or 0, strength[reason]
    if before > after then reason = old[1] end
    if before >= after then source = old[4] end
    if before > after or note == '' then note = old[6] end
    if address == '' then address = old[5] end
    if ended == '0' or (ends ~= '0' and tonumber(ended) > tonumber(ends)) then ends = ended end
    if reason == old[1] and ends == ended and source == old[4] and address == old[5] and
        note == old[6] then
      change = 0
    end
  end
  return {key = key, change = change, ended = ended, reason = reason, since = since,
    ends = ends, source = source, address = address, note = note}
end

-- Write what was merged, and count what was added.
local function put(e, totals)
  if e.change == 0 then return end
  call('HSET', e.key, 'reason', e.reason, 'since', e.since, 'until', e.ends,
    'source', e.source, 'address', e.address, 'note', e.note)
  if e.ends ~= '0' then
    call('PEXPIREAT', e.key, math.floor(tonumber(e.ends) / 1000))
  elseif e.ended ~= '0' then
    call('PERSIST', e.key)
  end
  if e.change == 2 then call('HINCRBY', totals, 'suppressed:' .. e.reason, 1) end
end
