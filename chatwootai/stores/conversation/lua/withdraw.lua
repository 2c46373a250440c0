-- withdraw: a message was deleted. It waits no longer, is remembered no longer, and is not admitted if it comes late.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv account message at seen_ms heard_ms
--   at: when it had been written, in seconds
-- returns 1 if anything of it was here, else 0
local conv, account, message, at = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local moved = elsewhere(account)
if moved then return moved end
local key, box = 'cw:conv:' .. conv, 'cw:box:' .. conv
local CLOCK = 0.0015  -- Chatwoot tells times in milliseconds, cut or rounded
redis.call('SET', 'cw:seen:m:' .. conv .. ':' .. message, '1', 'PX', ARGV[5])
redis.call('SET', 'cw:heard:' .. conv .. ':' .. message, '1', 'PX', ARGV[6])
local gone = redis.call('ZREMRANGEBYSCORE', 'cw:kept:' .. conv, message, message)
gone = gone + redis.call('DEL', 'cw:media:' .. conv .. ':' .. message)
for _, entry in ipairs(redis.call('LRANGE', 'cw:context:' .. conv, 0, -1)) do
  local known, said = pcall(cjson.decode, entry)
  if known and type(said) == 'table' and said[1] ~= 'crew' and math.abs((tonumber(said[3]) or 0) - at) < CLOCK then
    gone = gone + redis.call('LREM', 'cw:context:' .. conv, 1, entry)
  end
end
if redis.call('ZREMRANGEBYSCORE', box, message, message) == 1 then
  gone = gone + 1
  if redis.call('HINCRBY', 'cw:waiting', account, -1) <= 0 then redis.call('HDEL', 'cw:waiting', account) end
  redis.call('HINCRBY', key, 'sequence', 1)
  local worker = redis.call('HGET', key, 'worker')
  if worker then tell(worker, conv, 'message') end
end
if gone > 0 then life(conv, 'withdrawn', 'message=' .. message) end
return gone > 0 and 1 or 0
