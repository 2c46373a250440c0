-- count_turns: the index of an account's turns was copied to this shard, or taken away: it is counted anew.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account
-- returns how many rows are kept of all accounts
local sizes, length = 'cw:turns-kept:sizes', redis.call('XLEN', 'cw:turns:' .. ARGV[1])
local before = tonumber(redis.call('ZSCORE', sizes, ARGV[1]) or '0')
if length > 0 then redis.call('ZADD', sizes, length, ARGV[1]) else redis.call('ZREM', sizes, ARGV[1]) end
if length == before then return tonumber(redis.call('GET', 'cw:turns-kept') or '0') end
return redis.call('INCRBY', 'cw:turns-kept', length - before)
