-- revise: a message that changed (an edit), or that has another's id (a choice). Unanswered it is replaced; answered it
-- waits again if it says something new.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv account message entry delivery lane boost_ms blob job_ms seen_ms seen_delivery_ms most_waiting state_ms
-- ARGV contact written_ms change digest fresh
--   change: 'edit' or 'choice'; digest: of what it says; fresh: '1' if it was written just now; else as admit has them
-- returns 'accepted' | 'duplicate' | 'unchanged' | 'full'
local conv, account, message, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local moved = elsewhere(account)
if moved then return moved end
local box, kept = 'cw:box:' .. conv, 'cw:kept:' .. conv
local revision = 'cw:seen:r:' .. conv .. ':' .. message .. ':' .. ARGV[17]
local seen = 'cw:seen:m:' .. conv .. ':' .. message
if redis.call('EXISTS', revision) == 1 or was_erased(ARGV) then return 'duplicate' end

-- What a message says: its text, and with `all` what its recordings say too (Captain transcribes them later).
local function said(raw, all)
  local known, one = pcall(cjson.decode, raw)
  if not known or type(one) ~= 'table' or type(one.message) ~= 'table' then return nil end
  local words = { tostring(one.message.text) }
  for _, file in ipairs(all and type(one.message.attachments) == 'table' and one.message.attachments or {}) do
    words[#words + 1] = type(file.transcript) == 'string' and file.transcript or ''
  end
  return table.concat(words, '\0')
end

local waiting = redis.call('ZRANGEBYSCORE', box, message, message)[1]
if waiting then
  if said(waiting, true) == said(entry, true) then return 'unchanged' end
elseif ARGV[16] == 'edit' then
  local answered = redis.call('ZRANGEBYSCORE', kept, message, message)[1]
  if answered then
    if said(answered) == said(entry) then return 'unchanged' end
  elseif ARGV[18] ~= '1' or redis.call('EXISTS', seen, 'cw:heard:' .. conv .. ':' .. message) > 0 then
    return 'unchanged'  -- what it said before is not known: nothing shows that it is new
  end  -- else it overtakes its own message_created, which will be a duplicate
end
if not waiting then
  if tonumber(redis.call('HGET', 'cw:waiting', account) or '0') >= tonumber(ARGV[12]) then return 'full' end
  redis.call('HINCRBY', 'cw:waiting', account, 1)
end

note_contact(ARGV)
redis.call('SET', revision, '1', 'PX', ARGV[10])
if ARGV[16] == 'edit' then redis.call('SET', seen, '1', 'PX', ARGV[10]) end
redis.call('ZREMRANGEBYSCORE', kept, message, message)
redis.call('ZREMRANGEBYSCORE', box, message, message)
redis.call('ZADD', box, message, entry)
life(conv, 'revised', 'message=' .. message .. '\tdelivery=' .. ARGV[5] .. '\tchange=' .. ARGV[16])
local meta = { 'account', account, 'lane', ARGV[6], 'boost', ARGV[7], 'blob', ARGV[8], 'keep', ARGV[9] }
call_turn(conv, 1, meta, ARGV[13])
return 'accepted'
