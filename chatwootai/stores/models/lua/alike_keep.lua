-- alike_keep: an answer that may serve questions alike; the scopes that were longest not written leave when there is no room.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account, scope, conversation, entry, lifetime ms, most entries of a scope, bytes for all
-- returns how many scopes had to leave
local OVERHEAD = 200    -- bytes that Redis needs around an entry, about
local name = ARGV[1] .. ':' .. ARGV[2]
local key = 'cw:alike:' .. name

local function count(one)
  local size = 0
  for _, entry in ipairs(redis.call('HVALS', 'cw:alike:' .. one)) do size = size + #entry + OVERHEAD end
  local before = tonumber(redis.call('HGET', 'cw:alike:sizes', one) or '0')
  if size > 0 then
    redis.call('HSET', 'cw:alike:sizes', one, size)
  else
    redis.call('HDEL', 'cw:alike:sizes', one)
    redis.call('ZREM', 'cw:alike', one)
  end
  return redis.call('HINCRBY', 'cw:alike:sizes', '*', size - before)
end

if redis.call('HEXISTS', key, ARGV[3]) == 0 and redis.call('HLEN', key) >= tonumber(ARGV[6]) then return 0 end
redis.call('HSET', key, ARGV[3], ARGV[4])
redis.call('PEXPIRE', key, ARGV[5])
redis.call('ZADD', 'cw:alike', now_exact(), name)
local all, left = count(name), 0
for _, one in ipairs(redis.call('ZRANGE', 'cw:alike', 0, 7)) do
  if redis.call('EXISTS', 'cw:alike:' .. one) == 0 then all = count(one) end
end
while all > tonumber(ARGV[7]) do
  local oldest = redis.call('ZRANGE', 'cw:alike', 0, 0)[1]
  if not oldest then break end
  redis.call('DEL', 'cw:alike:' .. oldest)
  all = count(oldest)
  left = left + 1
end
return left
