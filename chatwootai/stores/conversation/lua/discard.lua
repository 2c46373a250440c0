-- discard: mailbox entries that cannot be read leave the mailbox; a dead letter keeps them for an operator.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence name dead dead_ms entries...
--   name: of the dead letter
-- returns 'stale' or 'ok'
if not holds(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local account = redis.call('HGET', 'cw:conv:' .. ARGV[1], 'account')
local gone = 0
for i = 7, #ARGV do gone = gone + redis.call('ZREM', 'cw:box:' .. ARGV[1], ARGV[i]) end
if gone > 0 and redis.call('HINCRBY', 'cw:waiting', account, 0 - gone) <= 0 then redis.call('HDEL', 'cw:waiting', account) end
redis.call('SET', 'cw:dead:' .. ARGV[4], ARGV[5], 'PX', kept_ms(account_of(ARGV[1]), 'dead_letters', ARGV[6]))
redis.call('ZADD', 'cw:dead', now_ms(), ARGV[4])
life(ARGV[1], 'discarded', 'letter=' .. ARGV[4] .. '\tentries=' .. (#ARGV - 6))
return 'ok'
