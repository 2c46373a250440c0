-- accept: Chatwoot takes a token again. The jobs that waited for it run now; called until there are none.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account owner most
--   owner: of the token; most: jobs
-- returns {since when it was refused in ms or 0, jobs that waited}
local name = ARGV[1] .. ':' .. ARGV[2]
local since = tonumber(redis.call('HGET', 'cw:refused:' .. name, 'since') or '0')
redis.call('DEL', 'cw:refused:' .. name)
redis.call('SREM', 'cw:refused', name)
if ARGV[2] ~= 'bot' then return { since, 0 } end
local jobs = redis.call('ZRANGE', 'cw:parked:' .. ARGV[1], 0, tonumber(ARGV[3]) - 1)
for _, job in ipairs(jobs) do
  redis.call('ZREM', 'cw:parked:' .. ARGV[1], job)
  local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane', 'boost')
  if meta[1] and redis.call('ZREM', 'cw:scheduled', job) == 1 then
    make_ready(job, meta[1], meta[2], now_exact() - meta[3])
  end
end
return { since, #jobs }
