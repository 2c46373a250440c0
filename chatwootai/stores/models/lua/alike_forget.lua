-- alike_forget: answers for questions alike are kept no more: all of a scope, or the one of a conversation.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account, scope, conversation ('': all of them)
-- returns how many there were
local name, gone = ARGV[1] .. ':' .. ARGV[2], 0
local key = 'cw:alike:' .. name
if ARGV[3] == '' then
  gone = redis.call('HLEN', key)
  redis.call('DEL', key)
else
  gone = redis.call('HDEL', key, ARGV[3])
end
if redis.call('EXISTS', key) == 0 then
  local size = tonumber(redis.call('HGET', 'cw:alike:sizes', name) or '0')
  redis.call('HINCRBY', 'cw:alike:sizes', '*', 0 - size)
  redis.call('HDEL', 'cw:alike:sizes', name)
  redis.call('ZREM', 'cw:alike', name)
end
return gone
