-- roll_back_knowledge: put a version of an account's knowledge in force that is still kept.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account, version
-- returns 1; 0 where it is not kept
local base = 'cw:knowledge:' .. ARGV[1]
if not redis.call('ZSCORE', base .. ':versions', ARGV[2]) then return 0 end
redis.call('HSET', base, 'current', ARGV[2])
return 1
