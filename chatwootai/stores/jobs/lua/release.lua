-- release: a worker that stops gives a job back, in its old place; no try is counted.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the job in ARGV 2
-- ARGV worker job
-- returns 1, or 0 if it is no longer this worker's or is done
if redis.call('HGET', 'cw:owners', ARGV[2]) ~= ARGV[1] then return 0 end
local meta = redis.call('HMGET', 'cw:job:' .. ARGV[2], 'account', 'lane', 'rank')
local conv = string.match(ARGV[2], '^turn:(.*):%d+$')
-- Stopped between its last word and its return: the conversation has another job, or rests.
if not meta[1] or conv and not holds(conv, ARGV[2], 0) then forget_job(ARGV[2]) return 0 end
redis.call('ZREM', 'cw:leases', ARGV[2])
redis.call('HDEL', 'cw:owners', ARGV[2])
if redis.call('HINCRBY', 'cw:running', meta[1], -1) <= 0 then redis.call('HDEL', 'cw:running', meta[1]) end
if conv then
  redis.call('HDEL', 'cw:conv:' .. conv, 'worker')
  not_reading('cw:conv:' .. conv)
end
make_ready(ARGV[2], meta[1], meta[2], tonumber(meta[3]))
reindex(meta[2] == 'high' and 'normal' or 'high', meta[1])  -- the tenant has one turn less running, in both lanes
return 1
