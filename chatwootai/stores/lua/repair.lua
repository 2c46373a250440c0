-- repair: conversations that have something to do and nobody who will do it get a new job.
-- ARGV 1 looked at before this many ms ago, 2 at most this many conversations
-- returns the conversations that were mended
local now = now_ms()
local mended = {}
for _, conv in ipairs(redis.call('ZRANGEBYSCORE', 'cw:open', '-inf', now - tonumber(ARGV[1]), 'LIMIT', 0, ARGV[2])) do
  local key = 'cw:conv:' .. conv
  local held = redis.call('HMGET', key, 'job', 'worker', 'blob')
  redis.call('ZADD', 'cw:open', now, conv)
  if not held[3] then
    redis.call('ZREM', 'cw:open', conv)
  elseif not held[1] or redis.call('EXISTS', 'arq:job:' .. held[1]) == 0 then
    next_turn(conv, 0)
    mended[#mended + 1] = conv
  elseif held[2] and redis.call('EXISTS', 'cw:worker:' .. held[2]) == 0
      and not redis.call('ZSCORE', 'cw:leases', held[1]) then
    -- A stock worker died with it: its in-progress key would hold the job back for minutes.
    forget_job(held[1])
    redis.call('HINCRBY', key, 'tries', 1)
    next_turn(conv, 0)
    mended[#mended + 1] = conv
  end
end
return mended
