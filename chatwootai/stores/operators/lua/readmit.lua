-- readmit: an operator has deliveries answered again, past the memory of what was admitted before.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv account letter lane boost_ms blob job_ms seen_ms state_ms by entries...
--   letter: the dead letter that is spent by it, or ''; by: who does it; entries: message id and entry, again and again
-- returns how many were put into the mailbox, or -1 if the dead letter is spent already
local conv, account = ARGV[1], ARGV[2]
local moved = elsewhere(account)
if moved then return moved end
if ARGV[3] ~= '' then
  if redis.call('ZREM', 'cw:dead', ARGV[3]) == 0 then return -1 end
  redis.call('DEL', 'cw:dead:' .. ARGV[3])
end
local put, messages = 0, {}
for i = 11, #ARGV, 2 do
  -- What waits already is answered once; what lies there unread by any version is not ours to double.
  if redis.call('ZCOUNT', 'cw:box:' .. conv, ARGV[i], ARGV[i]) == 0 then
    redis.call('SET', 'cw:seen:m:' .. conv .. ':' .. ARGV[i], '1', 'PX', ARGV[8])
    redis.call('ZADD', 'cw:box:' .. conv, ARGV[i], ARGV[i + 1])
    put, messages[#messages + 1] = put + 1, ARGV[i]
  end
end
if put == 0 then return 0 end
redis.call('HINCRBY', 'cw:waiting', account, put)
life(conv, 'readmitted', 'messages=' .. table.concat(messages, ',') .. '\tletter=' .. ARGV[3] .. '\tby=' .. ARGV[10])
local meta = { 'account', account, 'lane', ARGV[4], 'boost', ARGV[5], 'blob', ARGV[6], 'keep', ARGV[7] }
call_turn(conv, put, meta, ARGV[9])
return put
