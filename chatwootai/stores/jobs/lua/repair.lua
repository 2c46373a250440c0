-- repair: conversations that have something to do and nobody who will do it get a new job; so do those in which it has
-- been silent for as long as was agreed; and accounts whose pause is over go on.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV settled_ms most every_ms
--   settled_ms: only those looked at before so many ms ago; most: conversations; every_ms: unless it was done in the last
--   so many ms (0: in any case)
-- returns the conversations that were mended, or false if somebody has just done so
if tonumber(ARGV[3] or '0') > 0 and not redis.call('SET', 'cw:sweep', '1', 'NX', 'PX', ARGV[3]) then return false end
local now = now_ms()
local mended = {}
for _, account in ipairs(redis.call('ZRANGEBYSCORE', 'cw:paused', '-inf', now, 'LIMIT', 0, ARGV[2])) do end_pause(account) end

local function waits(job)
  local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane')
  return redis.call('ZSCORE', 'cw:scheduled', job)
    or meta[1] and redis.call('ZSCORE', 'cw:ready:' .. meta[2] .. ':' .. meta[1], job)
end

-- Will nobody run this job? A lease ends by itself, and a lane is read by everyone. A job that a stock worker took is
-- its own as long as it lives; one that died left an in-progress key behind, which would hold the job back for minutes.
-- That a slow stock worker is about to begin does no harm: it will find its job obsolete.
local function abandoned(job, worker)
  if redis.call('EXISTS', 'arq:job:' .. job) == 0 then return true end
  if redis.call('ZSCORE', 'cw:leases', job) then return false end
  if redis.call('EXISTS', 'arq:in-progress:' .. job) == 0 then return not waits(job) end
  return not worker or redis.call('EXISTS', 'cw:worker:' .. worker) == 0
end

for _, conv in ipairs(redis.call('ZRANGEBYSCORE', 'cw:open', '-inf', now - tonumber(ARGV[1]), 'LIMIT', 0, ARGV[2])) do
  local key = 'cw:conv:' .. conv
  local held = redis.call('HMGET', key, 'job', 'worker', 'blob')
  redis.call('ZADD', 'cw:open', now, conv)
  if not held[3] then
    redis.call('ZREM', 'cw:open', conv)
  elseif not is_moving(account_of(conv)) and (not held[1] or abandoned(held[1], held[2])) then
    if held[1] then forget_job(held[1]) end
    -- Whoever had begun died in the turn: that is a try.
    if held[2] and redis.call('EXISTS', 'cw:worker:' .. held[2]) == 0 then count_lost(key) end
    next_turn(conv, 0)
    life(conv, 'mended', 'job=' .. (held[1] or '') .. '\tworker=' .. (held[2] or ''))
    mended[#mended + 1] = conv
  end
end
for _, conv in ipairs(redis.call('ZRANGEBYSCORE', 'cw:timers', '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local held = redis.call('HMGET', 'cw:conv:' .. conv, 'job', 'idle', 'blob')
  if not is_moving(account_of(conv)) then
    redis.call('ZREM', 'cw:timers', conv)
    if held[2] and held[3] and not held[1] then
      life(conv, 'silent', '')
      next_turn(conv, 0)
    end
  end
end
return mended
