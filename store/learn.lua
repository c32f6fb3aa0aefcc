-- Keep what became of one recipient of one message: struct lesson of
-- store/store.h.  The row is that of policy/row.h, line for line:
-- tests/store/learn_random_test.c holds this script against that model.
-- needs clock hours entry
--
-- KEYS  the identity; the account's record, its counters, the accounts; the
--       row, the entry; the totals; the events
-- ARGV  identity (or '': never a repetition), counter (or '': none), account,
--       accepted, happened, effect (row, entry, clear, or '': neither list nor
--       row), expire, soft ones for an entry, reason, source, address, note,
--       quiet, how strong it is among what has its identity, number of the words
--       of the event's XADD, the words behind the key; then those of the event "suppressed", to which the detail is added
-- Returns 1 for a repetition, 1 for counted, the change of the list, the row.
local DAY, KEPT, LONGEST = 86400e6, 30 * 86400e6, 365 * 86400e6
local now = clock()
-- What was told before as something weaker is told anew.
local strength = tonumber(ARGV[14])
if ARGV[1] ~= '' and tonumber(call('GET', KEYS[1]) or 0) >= strength then
  return {1, 0, 0, 0}
end

local accepted, happened = tonumber(ARGV[4]), tonumber(ARGV[5])
if happened == 0 or happened > now then happened = now end
local expire, wanted = tonumber(ARGV[7]), tonumber(ARGV[8])
local reason, source, address, note = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local quiet = ARGV[13] == '1'

local counted = ARGV[2] ~= '' and accepted > 0 and accepted >= now - KEEP_HOURS * 3600e6 and
  accepted >= tonumber(call('HGET', KEYS[2], 'restarted') or 0)

-- the row, and what becomes of it and of the list
local row = {row = 0, last = 0, times = 0, listed = 0, ends = 0}
local known, changed, cleared, listed, answer = false, false, false, {change = 0}, 0

local function doubled(times)
  local most, span = math.max(expire, LONGEST), expire
  for _ = 2, times do
    if span >= most then break end
    span = span * 2
  end
  return math.min(span, most)
end

local function list(ends)
  -- over already: it would be written in order to be removed
  if ends ~= 0 and ends <= now then return end
  listed = merge(KEYS[6], reason, string.format('%.0f', happened),
    string.format('%.0f', ends), source, address, note)
end

local function put_on_list()
  local ends = 0
  if happened >= row.listed then row.times = row.times + 1 end
  row.last = math.max(row.last, happened)
  if expire ~= 0 then ends = happened + doubled(row.times) end
  row.listed = math.max(row.listed, ends)
  row.ends = math.max(row.ends, math.max(ends, happened) + KEPT)
  changed = true
  list(ends)
end

local effect = {}

function effect.row()
  if row.last == 0 or happened >= row.last + DAY then
    row.row, row.last = row.row + 1, happened
    row.ends = math.max(row.ends, happened + KEPT)
    changed = true
    if row.row >= wanted then
      row.row = 0
      put_on_list()
    end
  end
  answer = row.row
end

function effect.entry()
  -- for good: there is nothing to double
  if expire == 0 then list(0) else put_on_list() end
end

function effect.clear()
  cleared = known and happened >= row.last
  changed = cleared
end

if ARGV[6] ~= '' then
  local state = call('HMGET', KEYS[5], 'row', 'last', 'times', 'end', 'until')
  known = tonumber(state[5] or 0) > now
  if known then
    row = {row = tonumber(state[1]), last = tonumber(state[2]), times = tonumber(state[3]),
      listed = tonumber(state[4]), ends = tonumber(state[5])}
  end
  effect[ARGV[6]]()
end

-- The date as RFC 3339 writes it (days_from_civil() of H. Hinnant, backwards).
local function moment(time)
  local seconds = math.floor(time / 1e6)
  local days, rest = math.floor(seconds / 86400) + 719468, seconds % 86400
  local era = math.floor(days / 146097)
  local day = days - era * 146097
  local year = math.floor((day - math.floor(day / 1460) + math.floor(day / 36524) -
    math.floor(day / 146096)) / 365)
  day = day - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * day + 2) / 153)
  day = day - math.floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02dZ', year, month, day,
    math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60)
end

-- first: where an event is refused, nothing is changed
local last = 15 + tonumber(ARGV[15])
if changed or listed.change > 0 or not quiet then
  call('XADD', KEYS[8], unpack(ARGV, 16, last))
end
if listed.change > 0 then
  local detail = {unpack(ARGV, last + 1)}
  detail[#detail + 1] = 'detail'
  detail[#detail + 1] = listed.reason ..
    (listed.ends ~= '0' and ' until ' .. moment(tonumber(listed.ends)) or '')
  call('XADD', KEYS[8], unpack(detail))
end

if ARGV[1] ~= '' then call('SET', KEYS[1], strength, 'EX', KEEP_HOURS * 3600) end
if counted then
  if call('HINCRBY', KEYS[3], hour_of(now, accepted) .. ':' .. ARGV[2], 1) == 1 then
    keep(now, KEYS[3], KEYS[4], ARGV[3])
  end
  call('HSET', KEYS[3], 'returned', '1')
end
if cleared or (changed and row.ends <= now) then
  call('DEL', KEYS[5])
elseif changed then
  call('HSET', KEYS[5], 'row', row.row, 'last', string.format('%.0f', row.last),
    'times', row.times, 'end', string.format('%.0f', row.listed), 'until',
    string.format('%.0f', row.ends))
  call('PEXPIREAT', KEYS[5], math.floor(row.ends / 1000))
end
put(listed, KEYS[7])
return {0, counted and 1 or 0, listed.change, answer}
