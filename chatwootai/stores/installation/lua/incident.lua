-- incident: something has gone wrong again: a model, a tool, deliveries that are refused.
-- KEYS 1 cw:{all}
-- ARGV 1 kind, 2 account, 3 subject, 4 reason, 5 how often, 6 ms without one after which it counts as over,
--      7 at most so many incidents are kept
-- returns {1 if it begins now else 0, since ms, how often since}; nothing where too many are kept
local field, now = ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3], now_ms()
local known = redis.call('HGET', 'cw:incidents', field)
local since, count, first = now, 0, 1
if known then
  local said = cjson.decode(known)
  if now - said.last < tonumber(ARGV[6]) then since, count, first = said.since, said.count, 0 end
elseif redis.call('HLEN', 'cw:incidents') >= tonumber(ARGV[7]) then
  return {}
end
count = count + tonumber(ARGV[5])
local said = { kind = ARGV[1], account = ARGV[2], subject = ARGV[3], reason = ARGV[4], since = since, last = now, count = count }
redis.call('HSET', 'cw:incidents', field, cjson.encode(said))
return { first, since, count }
