-- The end of a message: what was sent, or what is given back, and its events.
--
-- KEYS  counters of the account, the queue id, the events, each refund's limit
-- ARGV  now (or ''), recipients accepted, account (or '': no queue id), number
--       of refunds, for each: kind, bucket or member, amount or time of the
--       mention, time of the mention before; then for each event: number of
--       the words of its XADD, the words behind the key
local call = redis.call
local now = tonumber(ARGV[1])
if not now then
  local t = call('TIME')
  now = t[1] * 1000000 + t[2]
end
local accepted, account = tonumber(ARGV[2]), ARGV[3]

-- Counters by the hour, kept for 31 days: the longest window there is.
local KEEP_HOURS, QUEUE_SECONDS = 31 * 24, 6 * 86400
if accepted > 0 then
  local hour = math.floor(now / 3600e6)
  if call('HINCRBY', KEYS[1], hour .. ':accepted', accepted) == accepted then
    for _, field in ipairs(call('HKEYS', KEYS[1])) do
      if tonumber(field:match('^%d+')) < hour - KEEP_HOURS then call('HDEL', KEYS[1], field) end
    end
    call('EXPIRE', KEYS[1], KEEP_HOURS * 3600)
  end
  if account ~= '' then
    call('SET', KEYS[2], string.format('%.0f %s', now, account), 'EX', QUEUE_SECONDS)
  end
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

local at = 5
for i = 1, tonumber(ARGV[4]) do
  refund[ARGV[at]](KEYS[3 + i], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  at = at + 4
end
while ARGV[at] do
  local words = tonumber(ARGV[at])
  call('XADD', KEYS[3], unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return 1
