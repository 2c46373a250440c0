-- trip: a model's endpoint failed, or asked for a pause.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV target failures rest_ms longest_ms pause_ms
--   failures: in a row that open its breaker (0: count none); rest_ms, longest_ms: first and longest rest
-- returns the ms that it is to be left alone
local key = 'cw:breaker:' .. ARGV[1]
local most, first, longest, pause = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = now_ms()
local until_ms = math.max(tonumber(redis.call('HGET', key, 'until') or '0'), pause > 0 and now + pause or 0)
if most > 0 then
  local failures = redis.call('HINCRBY', key, 'failures', 1)
  if failures >= most and until_ms <= now then  -- failures that were under way when it opened do not lengthen its rest
    local opened = redis.call('HINCRBY', key, 'opened', 1)
    until_ms = now + math.min(longest, first * 2 ^ math.min(opened - 1, 20))
  end
end
redis.call('HSET', key, 'until', until_ms)
redis.call('PEXPIRE', key, math.max(2 * longest, until_ms - now + longest))
redis.call('ZREMRANGEBYSCORE', 'cw:breakers', '-inf', now)
if until_ms > now then redis.call('ZADD', 'cw:breakers', until_ms, ARGV[1]) end
return math.max(0, until_ms - now)
