-- renew_ingest: keep the right to ingest an account's knowledge, or give it back.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account token keep_ms
--   keep_ms: 0 to give it back
-- returns 1; 0 where it is not the caller's any more
local key = 'cw:knowledge:' .. ARGV[1] .. ':ingest'
if redis.call('GET', key) ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then redis.call('DEL', key) else redis.call('PEXPIRE', key, ARGV[3]) end
return 1
