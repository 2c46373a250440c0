-- spend: what was set aside becomes what was spent. Tells once of each threshold that is passed.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1 up to its first colon
-- ARGV for each account: key after cw:spent:, difference to what was reserved, thresholds joined by ',' (rising)
-- returns for each account the number of the threshold just passed, 0: none
local passed = {}
for i = 1, #ARGV, 3 do
  local key = 'cw:spent:' .. ARGV[i]
  local used = redis.call('HINCRBY', key, 'used', ARGV[i + 1])
  local told, number, reached = tonumber(redis.call('HGET', key, 'told') or '0'), 0, 0
  for threshold in string.gmatch(ARGV[i + 2], '[^,]+') do
    number = number + 1
    if used >= tonumber(threshold) then reached = number end
  end
  if reached > told then redis.call('HSET', key, 'told', reached) end
  passed[#passed + 1] = reached > told and reached or 0
end
return passed
