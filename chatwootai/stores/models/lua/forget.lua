-- forget: answers are kept no more.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV names as in cw:done
-- returns how many there were
local gone = 0
for _, name in ipairs(ARGV) do
  gone = gone + redis.call('DEL', 'cw:done:' .. name)
  redis.call('ZREM', 'cw:done', name)
  local size = tonumber(redis.call('HGET', 'cw:done:sizes', name) or '0')
  redis.call('HDEL', 'cw:done:sizes', name)
  redis.call('HINCRBY', 'cw:done:sizes', '*', 0 - size)
end
return gone
