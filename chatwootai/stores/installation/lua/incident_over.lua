-- incident_over: what had gone wrong works again.
-- KEYS 1 cw:{all}
-- ARGV 1 kind, 2 account, 3 subject
-- returns what was kept of it, JSON; nothing where nothing was
local field = ARGV[1] .. '|' .. ARGV[2] .. '|' .. ARGV[3]
local known = redis.call('HGET', 'cw:incidents', field)
redis.call('HDEL', 'cw:incidents', field)
return known
