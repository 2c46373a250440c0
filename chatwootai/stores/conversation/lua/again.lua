-- again: the turn could not be ended now. A new job for it, due later; a try is counted unless told otherwise.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence delay_ms count cause behind
--   count: '1' to count a try; cause: why, for people; behind: the account if the job waits for Chatwoot to take that
--   one's token again, else ''; at once where it does by now
-- returns 'stale' or the count of tries
local conv, key = ARGV[1], 'cw:conv:' .. ARGV[1]
if not holds(conv, ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local tries = redis.call('HINCRBY', key, 'tries', ARGV[5] == '1' and 1 or 0)
not_reading(key)
local delay, waits = tonumber(ARGV[4]), ARGV[7] ~= ''
if waits and redis.call('EXISTS', 'cw:refused:' .. ARGV[7] .. ':bot') == 0 then delay, waits = 0, false end
local job = next_turn(conv, now_ms() + delay)
if ARGV[6] ~= '' then redis.call('HSET', 'cw:job:' .. job, 'cause', ARGV[6]) end
if waits then
  redis.call('ZADD', 'cw:parked:' .. ARGV[7], now_ms() + delay, job)
  redis.call('PEXPIRE', 'cw:parked:' .. ARGV[7], PARKED_MS)
end
life(conv, 'put_off', 'ms=' .. delay .. '\ttries=' .. tries .. '\tcause=' .. ARGV[6])
return tries
