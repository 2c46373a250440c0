-- admit: the door's one promise, in one step: no duplicate, in the mailbox, with a job and someone awake.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV 1 conv, 2 account, 3 message id, 4 entry, 5 delivery id or '', 6 lane, 7 boost ms, 8 job blob,
--      9 job keep ms, 10 seen-message ms, 11 seen-delivery ms, 12 most messages that may wait for this account,
--      13 state keep ms
-- returns 'accepted' | 'duplicate' | 'full'
local conv, account, message = ARGV[1], ARGV[2], ARGV[3]
local seen = 'cw:seen:m:' .. conv .. ':' .. message
local seen_delivery = ARGV[5] ~= '' and 'cw:seen:d:' .. account .. ':' .. ARGV[5]
if redis.call('EXISTS', seen, seen_delivery or seen) > 0 then
  return 'duplicate'
end
if tonumber(redis.call('HGET', 'cw:waiting', account) or '0') >= tonumber(ARGV[12]) then return 'full' end

redis.call('SET', seen, '1', 'PX', ARGV[10])
if seen_delivery then redis.call('SET', seen_delivery, conv .. ' ' .. message, 'PX', ARGV[11]) end
redis.call('ZADD', 'cw:box:' .. conv, message, ARGV[4])
redis.call('HINCRBY', 'cw:waiting', account, 1)
life(conv, 'admitted', 'message=' .. message .. '\tdelivery=' .. ARGV[5] .. '\tlane=' .. ARGV[6])
local meta = { 'account', account, 'lane', ARGV[6], 'boost', ARGV[7], 'blob', ARGV[8], 'keep', ARGV[9] }
call_turn(conv, 1, meta, ARGV[13])
return 'accepted'
