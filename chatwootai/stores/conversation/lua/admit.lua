-- admit: the door's one promise, in one step: no duplicate, in the mailbox, with a job and someone awake.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv account message entry delivery lane boost_ms blob job_ms seen_ms seen_delivery_ms most_waiting state_ms
-- ARGV contact written_ms
--   message: its id; delivery: the request's id or ''; blob: the job's; most_waiting: messages of this account;
--   contact: its id; written_ms: when the message was written
-- returns 'accepted' | 'duplicate' | 'full'
local conv, account, message = ARGV[1], ARGV[2], ARGV[3]
local seen = 'cw:seen:m:' .. conv .. ':' .. message
local seen_delivery = ARGV[5] ~= '' and 'cw:seen:d:' .. account .. ':' .. ARGV[5]
-- One look for all three: that the account moves, which is rare, is told from a duplicate afterwards.
if redis.call('EXISTS', seen, seen_delivery or seen, 'cw:moved:' .. account) > 0 then
  local moved = elsewhere(account)
  if moved then return moved end
  if redis.call('EXISTS', seen, seen_delivery or seen) > 0 then return 'duplicate' end
end
if was_erased(ARGV) then return 'duplicate' end
if tonumber(redis.call('HGET', 'cw:waiting', account) or '0') >= tonumber(ARGV[12]) then return 'full' end

take_in(ARGV, seen, seen_delivery)
return 'accepted'
