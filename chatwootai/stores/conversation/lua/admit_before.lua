-- admit_before: a message that was written before one that waits already, and belongs into the same answer. A door keeps
-- it in its journal since Redis was full, and another door found room for the later one.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv account message entry delivery lane boost_ms blob job_ms seen_ms seen_delivery_ms most_waiting state_ms
-- returns 'accepted' | 'duplicate' | 'first' if nothing later waits: it has no claim to room that others have not
local conv, account, message = ARGV[1], ARGV[2], ARGV[3]
local seen = 'cw:seen:m:' .. conv .. ':' .. message
local seen_delivery = ARGV[5] ~= '' and 'cw:seen:d:' .. account .. ':' .. ARGV[5]
if redis.call('EXISTS', seen, seen_delivery or seen) > 0 then return 'duplicate' end
local last = redis.call('ZREVRANGE', 'cw:box:' .. conv, 0, 0, 'WITHSCORES')[2]
if not last or tonumber(last) < tonumber(message) then return 'first' end
redis.call('SET', seen, '1', 'PX', ARGV[10])
if seen_delivery then redis.call('SET', seen_delivery, conv .. ' ' .. message, 'PX', ARGV[11]) end
redis.call('ZADD', 'cw:box:' .. conv, message, ARGV[4])
redis.call('HINCRBY', 'cw:waiting', account, 1)
life(conv, 'admitted', 'message=' .. message .. '\tdelivery=' .. ARGV[5] .. '\tlane=' .. ARGV[6])
local meta = { 'account', account, 'lane', ARGV[6], 'boost', ARGV[7], 'blob', ARGV[8], 'keep', ARGV[9] }
call_turn(conv, 1, meta, ARGV[13])
return 'accepted'
