-- nudge: somebody is to look now whether Chatwoot takes a token again: who looks for all, or else one that waits.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV 1 account
-- returns the job that runs now, or false
local conv = redis.call('HGET', 'cw:refused:' .. ARGV[1] .. ':bot', 'conv')
local job = conv and redis.call('HGET', 'cw:conv:' .. conv, 'job')
while not (job and redis.call('ZREM', 'cw:scheduled', job) == 1) do
  if job and (redis.call('ZSCORE', 'cw:leases', job) or redis.call('ZSCORE', 'arq:queue', job)) then return false end
  job = redis.call('ZPOPMIN', 'cw:parked:' .. ARGV[1])[1]
  if not job then return false end
end
local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane', 'boost')
if not meta[1] then return false end
make_ready(job, meta[1], meta[2], now_exact() - meta[3])
return job
