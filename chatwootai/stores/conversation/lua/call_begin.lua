-- call_begin: a tool that must not be used twice for one burst is about to be used.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence burst field call most keep_ms
--   most: calls of a burst
-- returns 'stale' (another holds the conversation: use nothing), 'full', 'begun', or the call that was kept before
local conv = ARGV[1]
if not holds(conv, ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local key = 'cw:calls:' .. conv .. ':' .. ARGV[4]
local known = redis.call('HGET', key, ARGV[5])
if known then return known end
if redis.call('HLEN', key) >= tonumber(ARGV[7]) then return 'full' end
redis.call('HSET', key, ARGV[5], ARGV[6])
redis.call('PEXPIRE', key, kept_ms(account_of(conv), 'messages', ARGV[8]))
return 'begun'
