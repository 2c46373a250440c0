-- hold: an account is about to leave this shard. From now on nothing of it is admitted and no turn of it starts.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account target
-- returns the jobs of it that run
local account = ARGV[1]
redis.call('SET', 'cw:moved:' .. account, 'left ' .. ARGV[2])
for _, lane in ipairs({'high', 'normal'}) do redis.call('ZREM', 'cw:tenants:' .. lane, account) end
local running, now = {}, now_ms()
local leases = redis.call('ZRANGE', 'cw:leases', 0, -1, 'WITHSCORES')
for i = 1, #leases, 2 do
  local job = leases[i]
  if account_of(string.match(job, '^turn:(.*):%d+$') or '') == account then
    if tonumber(leases[i + 1]) > now then running[#running + 1] = job else end_lost_run(job) end
  end
end
return running
