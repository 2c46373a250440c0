-- claim: jobs for a worker with free slots. Expired leases first, then by tenant and rank (see queue.lua).
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV worker free high lease_ms spare most
--   free: slots for any job; high: further slots that only the high lane may take; spare: the last so many free slots go
--   only to tenants that have fewer than so many turns running; most: jobs
-- returns {ms until something is due or expires (-1: nothing known), tenants that still wait,
--          job, blob, lost (1: its earlier run died), ...}
local worker, any, high, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local spare, most = tonumber(ARGV[5]), tonumber(ARGV[6])
local now = now_ms()
local claimed = {}

local function take(job, lost)
  local blob = redis.call('GET', 'arq:job:' .. job)
  if not blob then return false end
  redis.call('ZADD', 'cw:leases', now + lease, job)
  redis.call('HSET', 'cw:owners', job, worker)
  claimed[#claimed + 1] = job
  claimed[#claimed + 1] = blob
  claimed[#claimed + 1] = lost
  most = most - 1
  return true
end

for _, job in ipairs(redis.call('ZRANGEBYSCORE', 'cw:scheduled', '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', 'cw:scheduled', job)
  local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane', 'boost')
  if meta[1] and redis.call('EXISTS', 'arq:job:' .. job) == 1 then
    make_ready(job, meta[1], meta[2], now - tonumber(meta[3]))
  end
end

if any > 0 then
  for _, job in ipairs(redis.call('ZRANGEBYSCORE', 'cw:leases', '-inf', now, 'LIMIT', 0, math.min(any, most))) do
    local its = account_of(string.match(job, '^turn:(.*):%d+$') or '')
    if is_moving(its) or is_paused(its) then
      end_lost_run(job)
    elseif take(job, 1) then
      any = any - 1
    else
      forget_job(job)
    end
  end
end

-- The tenant whose turn it is in a lane, and its rank; none if only spare slots are left and it has its share.
local function best(lane)
  local head = redis.call('ZRANGE', 'cw:tenants:' .. lane, 0, 0, 'WITHSCORES')
  if head[1] and any <= spare and (lane == 'normal' or high == 0)
      and tonumber(redis.call('HGET', 'cw:running', head[1]) or '0') >= spare then return nil, nil end
  return head[1], tonumber(head[2])
end

while any + high > 0 and most > 0 do
  local account, rank = best('high')
  local lane = 'high'
  if any > 0 then
    local other, other_rank = best('normal')
    if other and (not account or other_rank < rank) then account, lane = other, 'normal' end
  end
  if not account then break end
  local held = is_moving(account) or is_paused(account)
  local job = not held and redis.call('ZPOPMIN', 'cw:ready:' .. lane .. ':' .. account)[1]
  -- What arq's own worker runs already, or has run, is only cleared out of the lane.
  if job and redis.call('EXISTS', 'arq:in-progress:' .. job) == 0 then
    if redis.call('ZREM', 'arq:queue', job) == 1 and take(job, 0) then
      redis.call('HINCRBY', 'cw:running', account, 1)
      if high > 0 and lane == 'high' then high = high - 1 else any = any - 1 end
    else
      forget_job(job)  -- whose blob is gone, or which is done
    end
  end
  if held then
    for _, its in ipairs({'high', 'normal'}) do redis.call('ZREM', 'cw:tenants:' .. its, account) end
  else
    reindex('high', account)
    reindex('normal', account)
  end
end

local due = redis.call('ZRANGE', 'cw:scheduled', 0, 0, 'WITHSCORES')[2]
local expiry = redis.call('ZRANGE', 'cw:leases', 0, 0, 'WITHSCORES')[2]
local first = math.min(tonumber(due or math.huge), tonumber(expiry or math.huge))
local waiting = 0
for _, lane in ipairs({'high', 'normal'}) do waiting = waiting + redis.call('ZCARD', 'cw:tenants:' .. lane) end
table.insert(claimed, 1, waiting)
table.insert(claimed, 1, first == math.huge and -1 or math.max(0, first - now))
return claimed
