-- renew_flight: who asks the model still does.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account digest token lease_ms
-- returns 1 if nobody else has taken over
local flight = 'cw:flight:' .. ARGV[1] .. ':' .. ARGV[2]
return redis.call('GET', flight) == ARGV[3] and redis.call('PEXPIRE', flight, ARGV[4]) or 0
