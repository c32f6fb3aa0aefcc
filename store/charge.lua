-- Look up what is known of some recipients, then charge all limits or none.
-- The rules are in policy/demand.h, the arithmetic in policy/usage.h, line for
-- line: tests/store/random_test.c holds this script against that model.
-- needs clock
--
-- KEYS  account's record; each limit; for each recipient four suppressions
--       (address and domain, for everyone and for the account), and two
--       verified entries if they are wanted
-- ARGV  now (or '': the server's clock), version of the account's record that
--       the caller has, flags, number of limits, number of recipients;
--       for each limit: kind, once, beyond, amount, window, burst, pending;
--       for each recipient: digest, numbers of its limits ("1,2")
-- flags l look only, v verified wanted, s suppressed count, u unverified count
local now = tonumber(ARGV[1]) or clock()
if (call('HGET', KEYS[1], 'version') or '0') ~= ARGV[2] then
  return {1, now, call('HGETALL', KEYS[1])}
end

local look_only = ARGV[3]:find('l', 1, true)
local verified_wanted = ARGV[3]:find('v', 1, true)
local suppressed_count = ARGV[3]:find('s', 1, true)
local unverified_count = ARGV[3]:find('u', 1, true)
local limit_count, recipient_count = tonumber(ARGV[4]), tonumber(ARGV[5])

-- the recipients: who takes part, and what each limit is asked for
local strength = {soft = 1, manual = 2, hard = 3, unsubscribe = 4, complaint = 5}
local step = verified_wanted and 6 or 4
local recipients, members, refuse, parts = {}, {}, false, 0
for i = 1, limit_count do members[i] = {} end

local function suppression(first)
  if call('EXISTS', KEYS[first], KEYS[first + 1], KEYS[first + 2], KEYS[first + 3]) == 0 then
    return '', 0
  end
  local reason, by_domain = '', 0
  for k = 0, 3 do
    local found = call('HGET', KEYS[first + k], 'reason')
    if found and (strength[found] or 0) > (strength[reason] or 0) then
      reason, by_domain = found, k > 1 and 1 or 0
    end
  end
  return reason, by_domain
end

for r = 1, recipient_count do
  local first = 2 + limit_count + (r - 1) * step
  local reason, by_domain = suppression(first)
  local verified = 0
  if verified_wanted and call('EXISTS', KEYS[first + 4], KEYS[first + 5]) > 0 then
    verified = 1
  end
  recipients[#recipients + 1] = reason
  recipients[#recipients + 1] = by_domain
  recipients[#recipients + 1] = verified
  if reason == '' or suppressed_count then
    local at = 5 + limit_count * 7 + (r - 1) * 2
    parts = parts + 1
    if verified_wanted and verified == 0 and not unverified_count then refuse = true end
    for number in ARGV[at + 2]:gmatch('%d+') do
      local list = members[tonumber(number)]
      list[#list + 1] = ARGV[at + 1]
    end
  end
end
if parts == 0 then refuse = true end

-- one limit, read from its arguments
local function limit(i)
  local at = 5 + (i - 1) * 7
  local l = {key = KEYS[1 + i], kind = ARGV[at + 1], beyond = ARGV[at + 3],
    amount = tonumber(ARGV[at + 4]), window = tonumber(ARGV[at + 5]),
    burst = tonumber(ARGV[at + 6]), pending = tonumber(ARGV[at + 7]),
    members = members[i], wanted = #members[i],
    full = false, frees = 0, bucket = 0, previous = 0}
  if ARGV[at + 2] == '1' and l.wanted > 1 then l.wanted = 1 end
  return l
end

local look, charge = {}, {}

-- A rate of 0 never drains, and infinity is no end of life.  An hour at least:
-- should the rate be lowered meanwhile, what was used before counts.
local TEN_YEARS_MS, HOUR_MS = 315360000000, 3600000

local function keeps(l, level)
  local drains = level > 0 and math.ceil(level * l.window / l.amount / 1000) or 0
  return math.min(math.max(drains, HOUR_MS), TEN_YEARS_MS) + 1000
end

function look.r(l)
  local state = call('GET', l.key)
  l.level, l.at = 0, now
  if state then
    local level, at = state:match('^(%S+) (%S+)$')
    l.level, l.at = tonumber(level), tonumber(at)
    l.level = l.level - math.max(0, now - l.at) * l.amount / l.window
    if l.level < 0 then l.level = 0 end
  end
  local sum = l.level + l.pending + l.wanted
  l.used = math.ceil(l.level - 1e-6) + l.pending
  if l.wanted > 0 and sum > l.burst + 1e-6 then
    l.full, l.frees = true, math.min(math.ceil((sum - l.burst) * l.window / l.amount), 2^53)
    if not look_only then call('PEXPIRE', l.key, keeps(l, l.level)) end
  end
end

function charge.r(l)
  local level, at = l.level + l.wanted, math.max(l.at, now)
  call('SET', l.key, string.format('%.17g %.0f', level, at), 'PX', keeps(l, level))
end

-- A quota is a hash: a count for each 96th of the window, their total (t) and the oldest (o).
local function buckets(l)
  local all, list = call('HGETALL', l.key), {}
  for i = 1, #all, 2 do
    local index = tonumber(all[i])
    if index then list[#list + 1] = {index, tonumber(all[i + 1])} end
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

-- The buckets before FIRST have left the window.
local function drop(l, first)
  local gone = {}
  l.total, l.oldest = 0, nil
  for _, b in ipairs(buckets(l)) do
    if b[1] < first then
      gone[#gone + 1] = string.format('%.0f', b[1])
    else
      l.oldest = l.oldest or b[1]
      l.total = l.total + b[2]
    end
  end
  if look_only then return end
  if not l.oldest then
    call('DEL', l.key)
  else
    if #gone > 0 then call('HDEL', l.key, unpack(gone)) end
    call('HSET', l.key, 't', l.total, 'o', string.format('%.0f', l.oldest))
  end
end

function look.q(l)
  local state = call('HMGET', l.key, 't', 'o')
  l.total, l.oldest = tonumber(state[1]) or 0, tonumber(state[2])
  l.width = l.window / 96
  l.bucket = math.floor(now / l.width)
  if l.oldest and l.oldest < l.bucket - 96 then drop(l, l.bucket - 96) end
  local sum = l.total + l.pending + l.wanted
  l.used = l.total + l.pending
  if l.wanted > 0 and sum > l.amount then
    l.full = true
    if l.wanted > l.amount then return end
    for _, b in ipairs(buckets(l)) do
      if b[1] >= l.bucket - 96 then
        sum = sum - b[2]
        if sum <= l.amount then
          l.frees = math.max(1, math.ceil((b[1] + 97) * l.width) - now)
          return
        end
      end
    end
  end
end

function charge.q(l)
  local bucket = string.format('%.0f', l.bucket)
  local oldest = math.min(l.oldest or l.bucket, l.bucket)
  if call('HINCRBY', l.key, bucket, l.wanted) == l.wanted then
    call('PEXPIRE', l.key, math.ceil((l.window + 2 * l.width) / 1000) + 1000)
  end
  call('HSET', l.key, 't', l.total + l.wanted, 'o', string.format('%.0f', oldest))
end

-- Distinct recipients are a sorted set: digests by the time of their last mention.
function look.d(l)
  local edge = string.format('%.0f', now - l.window)
  if not look_only then call('ZREMRANGEBYSCORE', l.key, '-inf', edge) end
  local total = call('ZCOUNT', l.key, '(' .. edge, '+inf')
  l.wanted = 0
  local seen, ranks = {}, {}
  for i, member in ipairs(l.members) do
    local at = tonumber(call('ZSCORE', l.key, member) or nil)
    if not at or at <= now - l.window then at = 0 end
    if i == 1 then l.previous = at end
    if not seen[member] then
      seen[member] = true
      if at == 0 then
        l.wanted = l.wanted + 1
      else
        ranks[#ranks + 1] = call('ZRANK', l.key, member)
      end
    end
  end
  l.used = total + l.pending
  local over = l.used + l.wanted - l.amount
  if l.wanted > 0 and over > 0 then
    l.full = true
    -- not the mention of a member of the demand: it would be wanted again
    local rank = call('ZCARD', l.key) - total + over - 1
    table.sort(ranks)
    for _, taken in ipairs(ranks) do
      if taken <= rank then rank = rank + 1 end
    end
    local leaves = call('ZRANGE', l.key, rank, rank, 'WITHSCORES')
    if leaves[2] then l.frees = tonumber(leaves[2]) + l.window - now end
  end
end

function charge.d(l)
  local at = string.format('%.0f', now)
  for _, member in ipairs(l.members) do call('ZADD', l.key, at, member) end
  call('PEXPIRE', l.key, math.ceil(l.window / 1000) + 1000)
end

-- look at all of them, then charge all or none
local limits = {}
for i = 1, limit_count do
  local l = limit(i)
  look[l.kind](l)
  if l.full and l.beyond == '0' then refuse = true end
  limits[i] = l
end
local charged = not refuse and not look_only
local answer = {}
for _, l in ipairs(limits) do
  l.charged = charged and #l.members > 0 and not (l.full and l.beyond == '1')
  if l.charged then charge[l.kind](l) end
  for _, value in ipairs({l.full and 1 or 0, l.charged and 1 or 0, l.used, l.wanted,
      l.frees, l.bucket, l.previous}) do
    answer[#answer + 1] = value
  end
end
return {0, now, charged and 1 or 0, recipients, answer}
