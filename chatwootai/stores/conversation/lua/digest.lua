-- digest: an account's message of the day, once, through the outbox of a conversation that need not be known here.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv day kept_ms account lane boost_ms blob job_ms state_ms entry
-- returns 1, or 0 if it was sent on this day before
local conv, key = ARGV[1], 'cw:conv:' .. ARGV[1]
local moved = elsewhere(ARGV[4])
if moved then return moved end
if not redis.call('SET', 'cw:digest:' .. ARGV[4] .. ':' .. ARGV[2], '1', 'NX', 'PX', ARGV[3]) then return 0 end
call_off(conv)
redis.call('RPUSH', 'cw:outbox:' .. conv, ARGV[10])
redis.call('HSET', key, 'account', ARGV[4], 'lane', ARGV[5], 'boost', ARGV[6], 'blob', ARGV[7], 'keep', ARGV[8])
redis.call('PEXPIRE', key, ARGV[9])
life(conv, 'digest', 'day=' .. ARGV[2])
if not redis.call('HGET', key, 'job') then next_turn(conv, 0) end
return 1
