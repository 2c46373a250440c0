-- renew: the leases of a worker's running jobs, for another while.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV worker lease_ms jobs...
-- returns the jobs that are no longer this worker's
local lost = {}
local until_ms = now_ms() + tonumber(ARGV[2])
for i = 3, #ARGV do
  if redis.call('HGET', 'cw:owners', ARGV[i]) == ARGV[1] then
    redis.call('ZADD', 'cw:leases', until_ms, ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
