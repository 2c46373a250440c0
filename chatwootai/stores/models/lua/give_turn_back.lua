-- give_turn_back: a burst that was taken was not answered by a crew in the end: it does not count.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence first
--   first: id of the burst's first message
-- returns 'stale' (another holds the conversation), else 1 if it had been taken
local key, first = 'cw:conv:' .. ARGV[1], tonumber(ARGV[4])
if not holds(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local known = redis.call('HMGET', key, 'taken', 'turns', 'turn_day')
if first > tonumber(known[1] or '0') then return 0 end
redis.call('HSET', key, 'taken', first - 1, 'turns', math.max(0, tonumber(known[2] or '0') - 1))
local day = 'cw:spent:' .. (known[3] or '')
if (known[3] or '') ~= '' and tonumber(redis.call('HGET', day, 'used') or '0') > 0 then
  redis.call('HINCRBY', day, 'used', -1)
end
return 1
