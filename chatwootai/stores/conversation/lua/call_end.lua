-- call_end: how a use of a tool ended, also where the turn that began it is another's by now: it is what happened.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv burst field call
--   call: '' if it was not used after all
-- returns 1, or 0 if nothing is known of its beginning any more
local key = 'cw:calls:' .. ARGV[1] .. ':' .. ARGV[2]
if redis.call('HEXISTS', key, ARGV[3]) == 0 then return 0 end
if ARGV[4] == '' then redis.call('HDEL', key, ARGV[3]) else redis.call('HSET', key, ARGV[3], ARGV[4]) end
return 1
