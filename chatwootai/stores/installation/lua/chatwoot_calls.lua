-- chatwoot_calls: a worker tells how its calls to Chatwoot went since it last told, of many accounts at once.
-- KEYS 1 cw:{all}
-- ARGV 1 minutes that shares of errors are of, 2 ms after which an account of which nothing was told is forgotten,
--      3 at most so many accounts are kept, 4... account, JSON of ok and bad (ms of the last, 0: none), why, calls, errors
-- returns nothing
local now = now_ms()
local minute, window = math.floor(now / 60000), tonumber(ARGV[1])
for at = 4, #ARGV, 2 do
  local account, told = ARGV[at], cjson.decode(ARGV[at + 1])
  local raw = redis.call('HGET', 'cw:chatwoot', account)
  local has_room = raw or redis.call('HLEN', 'cw:chatwoot') < tonumber(ARGV[3])
  if has_room and not elsewhere(account) then -- its last calls here may be told when it has moved
    local known = raw and cjson.decode(raw) or { ok = 0, bad = 0, why = '', minutes = {} }
    known.ok = math.max(known.ok, told.ok)
    if told.bad > known.bad then known.bad, known.why = told.bad, told.why end
    local kept, this = {}, tostring(minute)
    for name, counts in pairs(known.minutes) do
      if tonumber(name) > minute - window then kept[name] = counts end
    end
    local before = kept[this] or { 0, 0 }
    kept[this] = { before[1] + told.calls, before[2] + told.errors }
    known.minutes = kept
    redis.call('HSET', 'cw:chatwoot', account, cjson.encode(known))
    if told.errors > 0 then redis.call('ZADD', 'cw:chatwoot:failing', now, account) end
  end
end
redis.call('ZREMRANGEBYSCORE', 'cw:chatwoot:failing', '-inf', now - window * 60000)
redis.call('PEXPIRE', 'cw:chatwoot', ARGV[2])
redis.call('PEXPIRE', 'cw:chatwoot:failing', ARGV[2])
