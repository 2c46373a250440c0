-- place: where a token that Chatwoot does not take is configured, for operators. Nothing where it is taken by now.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account owner place
--   owner: of the token; place: file and line
-- returns 1 if it was noted, else 0
local key = 'cw:refused:' .. ARGV[1] .. ':' .. ARGV[2]
if redis.call('EXISTS', key) == 0 then return 0 end
redis.call('HSET', key, 'place', ARGV[3])
return 1
