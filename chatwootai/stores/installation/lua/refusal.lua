-- refusal: what is known of a token that Chatwoot does not take. Reads only.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account owner overdue_ms
--   owner: of the token; overdue_ms: after which somebody else looks
-- returns {} where it is taken, else {1 if nobody has looked for too long else 0, field, value, ...}
local known = redis.call('HGETALL', 'cw:refused:' .. ARGV[1] .. ':' .. ARGV[2])
if #known == 0 then return {} end
local due = tonumber(redis.call('HGET', 'cw:refused:' .. ARGV[1] .. ':' .. ARGV[2], 'until'))
table.insert(known, 1, now_ms() > due + tonumber(ARGV[3]) and 1 or 0)
return known
