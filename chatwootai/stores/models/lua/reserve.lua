-- reserve: set something aside in several accounts of spending, in all of them or in none.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1 up to its first colon
-- ARGV for each account: key after cw:spent:, ceiling, amount, lifetime ms
-- returns 0, or the number (from 1) of the first account whose ceiling it would exceed
for i = 1, #ARGV, 4 do
  local used = tonumber(redis.call('HGET', 'cw:spent:' .. ARGV[i], 'used') or '0')
  if used + tonumber(ARGV[i + 2]) > tonumber(ARGV[i + 1]) then return (i + 3) / 4 end
end
for i = 1, #ARGV, 4 do
  redis.call('HINCRBY', 'cw:spent:' .. ARGV[i], 'used', ARGV[i + 2])
  redis.call('PEXPIRE', 'cw:spent:' .. ARGV[i], ARGV[i + 3])
end
return 0
