-- run_now: an operator wants a job that was put off to run now.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the job in ARGV 1
-- ARGV job by
-- returns 'ready', 'running', 'waiting' (it is ready already) or 'gone'
local job = ARGV[1]
local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane', 'boost')
if not meta[1] then return 'gone' end
if redis.call('ZSCORE', 'cw:leases', job) or redis.call('EXISTS', 'arq:in-progress:' .. job) == 1 then return 'running' end
if redis.call('ZREM', 'cw:scheduled', job) == 0 then return 'waiting' end
make_ready(job, meta[1], meta[2], now_exact() - meta[3])
life(string.match(job, '^turn:(.*):%d+$') or '', 'hastened', 'by=' .. ARGV[2])
return 'ready'
