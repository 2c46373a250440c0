-- settle: what a request really took of a key's minute, or what the endpoint says is left of it.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV endpoint worker tokens requests_left tokens_left
--   worker: leaves the line, unless ''; tokens: to give back (below 0: to take); requests_left, tokens_left: or -1
-- returns 1
local key = 'cw:limit:' .. ARGV[1]
if ARGV[2] ~= '' then
  redis.call('ZREM', 'cw:queue:' .. ARGV[1], ARGV[2])
  redis.call('HDEL', key, 'seen:' .. ARGV[2])
end
local back = tonumber(ARGV[3])
for name, left in pairs({requests = tonumber(ARGV[4]), tokens = tonumber(ARGV[5])}) do
  local level = tonumber(redis.call('HGET', key, name) or 'nan')
  if level == level then  -- not nan: this is limited
    if name == 'tokens' then level = level + back end
    if left >= 0 then level = math.min(level, left) end
    redis.call('HSET', key, name, level)
  end
end
return 1
