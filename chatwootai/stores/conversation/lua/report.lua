-- report: something that people must be told once, through the outbox of a conversation that is known here.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv message failed_ms account lane boost_ms blob job_ms state_ms entries...
-- returns 1, or 0 if it was reported before or nobody here knows the conversation
local conv, key = ARGV[1], 'cw:conv:' .. ARGV[1]
local moved = elsewhere(account_of(conv))
if moved then return moved end
if redis.call('EXISTS', key) == 0 then return 0 end
if not redis.call('SET', 'cw:failed:' .. conv .. ':' .. ARGV[2], '1', 'NX', 'PX', ARGV[3]) then return 0 end
call_off(conv)
for i = 10, #ARGV do redis.call('RPUSH', 'cw:outbox:' .. conv, ARGV[i]) end
redis.call('HSET', key, 'account', ARGV[4], 'lane', ARGV[5], 'boost', ARGV[6], 'blob', ARGV[7], 'keep', ARGV[8])
redis.call('PEXPIRE', key, ARGV[9])
life(conv, 'reported', 'message=' .. ARGV[2])
if not redis.call('HGET', key, 'job') then next_turn(conv, 0) end
return 1
