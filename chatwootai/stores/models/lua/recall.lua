-- recall: is there an answer to this very question, or is somebody about to have one? If neither, the caller asks.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account digest token lease_ms fresh_ms again
--   token: of the caller; lease_ms: of who asks; fresh_ms: for which an answer is fresh; again: 1 if asked before
-- returns {'hit' or 'stale' or 'refresh', answer} ('refresh': stale, and the caller makes a new one), {'lead'}, {'wait'}
local name = ARGV[1] .. ':' .. ARGV[2]
local key, flight, now = 'cw:done:' .. name, 'cw:flight:' .. name, now_ms()

local function count(what)
  redis.call('HINCRBY', 'cw:done:counts', what, 1)
end

local function lead()
  return redis.call('SET', flight, ARGV[3], 'NX', 'PX', ARGV[4]) and true or false
end

local kept = redis.call('HMGET', key, 'answer', 'at')
if kept[1] then
  redis.call('ZADD', 'cw:done', 'XX', now_exact(), name)
  if now - tonumber(kept[2]) <= tonumber(ARGV[5]) then
    count('hits')
    return {'hit', kept[1]}
  end
  count('stale')
  return {lead() and 'refresh' or 'stale', kept[1]}
end
if lead() then
  count('misses')
  return {'lead'}
end
if ARGV[6] == '0' then count('joined') end
return {'wait'}
