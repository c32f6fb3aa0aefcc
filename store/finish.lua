-- The end of a message: what was sent, or what is given back, and its events.
-- needs clock hours
--
-- KEYS  counters of the account, the queue id, the events, the accounts, each
--       refund's limit
-- ARGV  when it was accepted (0: now), recipients accepted, of these at providers
--       that report no complaints, account, seconds that the queue id is known
--       (0: there is none), to whom, number of refunds, for each: kind, bucket or member, amount or time of the
--       mention, time of the mention before; then for each event: number of
--       the words of its XADD, the words behind the key
-- Returns 1 where something has come back of what the account sent, or 0.
local now = clock()
local at, accepted, silent = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local sent, returned = KEYS[1], 0

-- An hour begins: what is older than all windows goes.
local function clean()
  local oldest, some = hour_of(now, now) - KEEP_HOURS, false
  for _, field in ipairs(call('HKEYS', sent)) do
    local hour, name = field:match('^(%d+):(.*)')
    if hour and tonumber(hour) < oldest then
      call('HDEL', sent, field)
    elseif hour and name ~= 'accepted' and name ~= 'silent' then
      some = true
    end
  end
  if not some then call('HDEL', sent, 'returned') end
end

if accepted > 0 then
  local hour = hour_of(now, at)
  if call('HINCRBY', sent, hour .. ':accepted', accepted) == accepted then
    clean()
    keep(now, sent, KEYS[4], ARGV[4])
  end
  if silent > 0 then call('HINCRBY', sent, hour .. ':silent', silent) end
  if ARGV[5] ~= '0' then
    -- with the time that its token has, also where that is still to come
    if at == 0 then at = now end
    call('SET', KEYS[2], string.format('%.0f %s %s', at, ARGV[6], ARGV[4]), 'EX',
      ARGV[5])
  end
  returned = call('HEXISTS', sent, 'returned')
end

local refund = {}

function refund.q(key, bucket, amount)
  local state = call('HMGET', key, bucket, 't')
  local given = math.min(tonumber(amount), tonumber(state[1]) or 0)
  -- HINCRBY takes no -0
  if given <= 0 then return end
  call('HINCRBY', key, bucket, -given)
  call('HINCRBY', key, 't', -given)
end

function refund.d(key, member, set, previous)
  local at = call('ZSCORE', key, member)
  if not at or tonumber(at) ~= tonumber(set) then return end
  if previous == '0' then call('ZREM', key, member) else call('ZADD', key, previous, member) end
end

local place = 8
for i = 1, tonumber(ARGV[7]) do
  refund[ARGV[place]](KEYS[4 + i], ARGV[place + 1], ARGV[place + 2], ARGV[place + 3])
  place = place + 4
end
while ARGV[place] do
  local words = tonumber(ARGV[place])
  call('XADD', KEYS[3], unpack(ARGV, place + 1, place + words))
  place = place + words + 1
end
return returned
