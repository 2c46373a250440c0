-- take: a request wants its place in a key's minute. Buckets refill evenly; the first in line of all workers goes first.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV endpoint worker rank requests tokens size
--   rank: lower first; requests, tokens: a minute (0: no limit); size: tokens of this request
-- returns 0 if it may go, else the ms after which to ask again
local key, queue = 'cw:limit:' .. ARGV[1], 'cw:queue:' .. ARGV[1]
local worker, rank, now = ARGV[2], tonumber(ARGV[3]), now_exact()
local GONE_MS = 1500    -- a worker that waits asks again within a fifth of this

-- Who waited and asks no more has died or given up.
local function first_in_line()
  while true do
    local head = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')
    if not head[1] or head[1] == worker then return head[2] and tonumber(head[2]) end
    if now - tonumber(redis.call('HGET', key, 'seen:' .. head[1]) or '0') < GONE_MS then return tonumber(head[2]) end
    redis.call('ZREM', queue, head[1])
    redis.call('HDEL', key, 'seen:' .. head[1])
  end
end

-- A tenth less at once and a thirtieth less a minute than the key may: requests overtake each other on their way.
local function bucket(name, rate, amount, at)
  if rate == 0 then return nil, 0 end
  local most, speed = math.max(1, rate * 0.9), rate * 0.97 / 60000
  local level = tonumber(redis.call('HGET', key, name) or most)
  level = math.min(most, level + math.max(0, now - at) * speed)
  return level, math.max(0, math.min(amount, most) - level) / speed
end

local at = tonumber(redis.call('HGET', key, 'at') or now)
local requests, wait_requests = bucket('requests', tonumber(ARGV[4]), 1, at)
local tokens, wait_tokens = bucket('tokens', tonumber(ARGV[5]), tonumber(ARGV[6]), at)
local wait = math.ceil(math.max(wait_requests, wait_tokens))
local head = first_in_line()
local free = wait == 0 and (not head or rank <= head)
if free then
  if requests then requests = requests - 1 end
  if tokens then tokens = tokens - tonumber(ARGV[6]) end
  redis.call('ZREM', queue, worker)
  redis.call('HDEL', key, 'seen:' .. worker)
else
  redis.call('ZADD', queue, rank, worker)
  redis.call('HSET', key, 'seen:' .. worker, now)
  redis.call('PEXPIRE', queue, LIMIT_MS)
end
redis.call('HSET', key, 'at', now)
if requests then redis.call('HSET', key, 'requests', requests) end
if tokens then redis.call('HSET', key, 'tokens', tokens) end
redis.call('PEXPIRE', key, LIMIT_MS)
return free and 0 or math.max(wait, 5)
