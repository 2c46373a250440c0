-- vectors_keep: embeddings that were made; the longest unused leave when there is no room.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account, kind (documents, questions), bytes for all of this kind, ms after which an unused one goes, then
--      digest and embedding, digest and embedding, ...
-- returns how many had to leave
local OVERHEAD = 220    -- bytes that Redis needs around an embedding, about
local MOST_AT_ONCE = 2000
local account, kind, now = ARGV[1], ARGV[2], now_ms()
local index = 'cw:vectors:' .. kind

local function forget(one)
  local owner, digest = string.match(one, '^(.*):([^:]+)$')
  local size = redis.call('HSTRLEN', 'cw:vector:' .. owner, digest)
  redis.call('ZREM', index, one)
  if size == 0 then return end
  redis.call('HDEL', 'cw:vector:' .. owner, digest)
  redis.call('HINCRBY', 'cw:vectors:bytes', kind, 0 - size - OVERHEAD)
end

for at = 5, #ARGV, 2 do
  local one = account .. ':' .. ARGV[at]
  forget(one)
  redis.call('HSET', 'cw:vector:' .. account, ARGV[at], ARGV[at + 1])
  redis.call('HINCRBY', 'cw:vectors:bytes', kind, #ARGV[at + 1] + OVERHEAD)
  redis.call('ZADD', index, now, one)
end
for _, one in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', now - tonumber(ARGV[4]), 'LIMIT', 0, MOST_AT_ONCE)) do
  forget(one)
end
local left = 0
while tonumber(redis.call('HGET', 'cw:vectors:bytes', kind) or '0') > tonumber(ARGV[3]) do
  local oldest = redis.call('ZRANGE', index, 0, 0)[1]
  if not oldest then break end
  forget(oldest)
  left = left + 1
end
return left
