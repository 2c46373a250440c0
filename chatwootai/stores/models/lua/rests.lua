-- rests: how long models' endpoints are to be left alone. Reads only.
-- KEYS 1 cw:{all}
-- ARGV targets...
-- returns the ms of each
local found, now = {}, now_ms()
for i, target in ipairs(ARGV) do
  found[i] = math.max(0, tonumber(redis.call('HGET', 'cw:breaker:' .. target, 'until') or '0') - now)
end
return found
