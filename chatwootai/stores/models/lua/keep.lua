-- keep: a new answer, for all who ask the very same; the least used leave when there is no room.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account digest token answer keep_ms most_bytes
--   token: of who asked; answer: '' if there is none, only stop asking; most_bytes: of all answers
-- returns how many had to leave
local OVERHEAD = 300    -- bytes that Redis needs around an answer, about
local LOOKED_AT = 8     -- of the longest unused: some may have ended by themselves, and still be counted
local name = ARGV[1] .. ':' .. ARGV[2]
local key, flight = 'cw:done:' .. name, 'cw:flight:' .. name
if redis.call('GET', flight) == ARGV[3] then redis.call('DEL', flight) end
if ARGV[4] == '' then return 0 end

local function forget(one)
  redis.call('DEL', 'cw:done:' .. one)
  redis.call('ZREM', 'cw:done', one)
  local size = tonumber(redis.call('HGET', 'cw:done:sizes', one) or '0')
  redis.call('HDEL', 'cw:done:sizes', one)
  return redis.call('HINCRBY', 'cw:done:sizes', '*', 0 - size)
end

local size = #ARGV[4] + OVERHEAD
forget(name)
redis.call('HSET', key, 'answer', ARGV[4], 'at', now_ms())
redis.call('PEXPIRE', key, ARGV[5])
redis.call('ZADD', 'cw:done', now_exact(), name)
redis.call('HSET', 'cw:done:sizes', name, size)
local all = redis.call('HINCRBY', 'cw:done:sizes', '*', size)
for _, one in ipairs(redis.call('ZRANGE', 'cw:done', 0, LOOKED_AT - 1)) do
  if redis.call('EXISTS', 'cw:done:' .. one) == 0 then all = forget(one) end
end
local left = 0
while all > tonumber(ARGV[6]) do
  local oldest = redis.call('ZRANGE', 'cw:done', 0, 0)[1]
  if not oldest then break end
  all = forget(oldest)
  left = left + 1
end
redis.call('HINCRBY', 'cw:done:counts', 'kept', 1)
if left > 0 then redis.call('HINCRBY', 'cw:done:counts', 'evicted', left) end
return left
