-- finish: the job has done what there was. Anything left gets the next turn, else the conversation rests.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence state_ms
-- returns 'stale', 'next' or 'idle'
local conv = ARGV[1]
if not holds(conv, ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local key = 'cw:conv:' .. conv
if redis.call('EXISTS', 'cw:box:' .. conv, 'cw:outbox:' .. conv) > 0 or redis.call('HEXISTS', key, 'wish') == 1 then
  next_turn(conv, 0)
  life(conv, 'next', '')
  return 'next'
end
leave(ARGV[2])
local later = redis.call('HMGET', key, 'next', 'next_ms')
if later[1] then  -- the timer needs the blob
  redis.call('ZADD', 'cw:timers', now_ms() + tonumber(later[2]), conv)
  redis.call('HSET', key, 'idle', later[1])
  redis.call('HDEL', key, 'job', 'worker', 'tries', 'burst', 'lost', 'reading', 'next', 'next_ms')
else
  redis.call('HDEL', key, 'job', 'worker', 'tries', 'burst', 'lost', 'reading', 'blob', 'idle')
end
redis.call('ZREM', 'cw:open', conv)
life(conv, 'rests', '')
redis.call('PEXPIRE', key, ARGV[4])
return 'idle'
