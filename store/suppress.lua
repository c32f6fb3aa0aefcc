-- Merge an entry into the suppression list.
-- needs clock entry
--
-- KEYS  the entry; the totals; the events, if there is one
-- ARGV  reason, since, until (0: never), source, address, note; then the words
--       of the event's XADD behind the key
-- Returns 0 unchanged, 1 changed, 2 added.
local entry = merge(KEYS[1], unpack(ARGV, 1, 6))
-- first: where the event is refused, nothing is changed
if KEYS[3] and entry.change > 0 then call('XADD', KEYS[3], unpack(ARGV, 7)) end
put(entry, KEYS[2])
return entry.change
