-- take_lock: the right to catch up is mine, or stays mine, for another while.
-- KEYS 1 cw:{all}
-- ARGV key who keep_ms
-- returns 1, or 0 if they are another's
local owner = redis.call('GET', ARGV[1])
if owner and owner ~= ARGV[2] then return 0 end
redis.call('SET', ARGV[1], ARGV[2], 'PX', ARGV[3])
return 1
