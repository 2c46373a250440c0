-- admit_before: a message that was written before one that waits already, and belongs into the same answer. A door keeps
-- it in its journal since Redis was full, and another door found room for the later one.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv account message entry delivery lane boost_ms blob job_ms seen_ms seen_delivery_ms most_waiting state_ms
-- ARGV contact written_ms
-- returns 'accepted' | 'duplicate' | 'first' if nothing later waits: it has no claim to room that others have not
local conv, account, message = ARGV[1], ARGV[2], ARGV[3]
local moved = elsewhere(account)
if moved then return moved end
local seen = 'cw:seen:m:' .. conv .. ':' .. message
local seen_delivery = ARGV[5] ~= '' and 'cw:seen:d:' .. account .. ':' .. ARGV[5]
if redis.call('EXISTS', seen, seen_delivery or seen) > 0 or was_erased(ARGV) then return 'duplicate' end
local last = redis.call('ZREVRANGE', 'cw:box:' .. conv, 0, 0, 'WITHSCORES')[2]
if not last or tonumber(last) < tonumber(message) then return 'first' end
take_in(ARGV, seen, seen_delivery)
return 'accepted'
