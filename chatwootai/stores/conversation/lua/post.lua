-- post: may the first entry of the outbox be posted now? Marks it, so that a later look knows that it may have been.
-- Whoever may post has the job for a while from now: nobody looks for the mark before it could have been posted.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence entry lease_ms
--   lease_ms: from now, for which the lease must last
-- returns 'stale', 'gone' (sent already), 'unsure' (marked before: look for it in Chatwoot first), 'go'
if not holds(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local owner = redis.call('HGET', 'cw:owners', ARGV[2])
if owner and owner ~= redis.call('HGET', 'cw:conv:' .. ARGV[1], 'worker') then return 'stale' end  -- claimed by another
if redis.call('LINDEX', 'cw:outbox:' .. ARGV[1], 0) ~= ARGV[4] then return 'gone' end
local lease, least = redis.call('ZSCORE', 'cw:leases', ARGV[2]), now_ms() + tonumber(ARGV[5])
if lease and tonumber(lease) < least then redis.call('ZADD', 'cw:leases', least, ARGV[2]) end
local mark = redis.sha1hex(ARGV[4])
local key = 'cw:conv:' .. ARGV[1]
if redis.call('HGET', key, 'posting') == mark then
  life(ARGV[1], 'unsure', described(ARGV[4]))
  return 'unsure'
end
redis.call('HSET', key, 'posting', mark, 'posting_at', now_ms())
return 'go'
