-- open_account: the turns of an account may begin on this shard. A job that waits in a lane waits nowhere else.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account
-- returns how many jobs may run now
local account, ready = ARGV[1], 0
redis.call('DEL', 'cw:moved:' .. account)
for _, lane in ipairs({'high', 'normal'}) do
  for _, job in ipairs(redis.call('ZRANGE', 'cw:ready:' .. lane .. ':' .. account, 0, -1)) do
    redis.call('ZREM', 'cw:scheduled', job)
    ready = ready + 1
  end
  reindex(lane, account)
end
for _ = 1, math.min(ready, WAKE_MOST) do wake() end
return ready
