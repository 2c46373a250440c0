-- audit: an entry is appended to the list of what people did, if it follows the newest one.
-- KEYS 1 cw:{all}
-- ARGV previous body digest most
--   previous: the digest that the entry names as the one before it; body: JSON; digest: of the body; most: entries kept
-- returns '' if it was appended, else the digest of the newest entry
local newest = redis.call('HGET', 'cw:audit:head', 'digest') or ''
if newest ~= ARGV[1] then return newest end
redis.call('XADD', 'cw:audit', 'MAXLEN', ARGV[4], '*', 'body', ARGV[2], 'digest', ARGV[3])
redis.call('HSET', 'cw:audit:head', 'digest', ARGV[3])
redis.call('HINCRBY', 'cw:audit:head', 'number', 1)
return ''
