-- take_turn: a burst is about to be answered by a crew: does its account, or its conversation, still have a turn for it?
-- A burst is taken once, however often it is tried; messages that join it are not counted anew.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence first last day day_most day_ms conversation_most thresholds
--   first, last: ids of the burst's messages; day: the day's counter after cw:spent: or ''; day_most: turns a day (-1: no
--   limit); day_ms: lifetime of the counter; conversation_most: turns (-1: no limit); thresholds: of the day, joined by
--   ',' (rising)
-- returns 'stale' (another holds the conversation), 'day' or 'conversation' (the limit that is reached), else the
--   number of the threshold that was passed just now, 0: none
local key, first = 'cw:conv:' .. ARGV[1], tonumber(ARGV[4])
if not holds(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local known = redis.call('HMGET', key, 'taken', 'turns', 'turns_of', 'closed')
local taken = tonumber(known[1] or '0')
if first <= taken then
  redis.call('HSET', key, 'taken', math.max(taken, tonumber(ARGV[5])))
  return 0
end
local turns = known[3] == (known[4] or '0') and tonumber(known[2] or '0') or 0  -- resolved since: it begins anew
if ARGV[9] ~= '-1' and turns >= tonumber(ARGV[9]) then return 'conversation' end
local passed = 0
if ARGV[6] ~= '' then
  local day = 'cw:spent:' .. ARGV[6]
  local counted = redis.call('HMGET', day, 'used', 'told')
  local used, told, number = tonumber(counted[1] or '0') + 1, tonumber(counted[2] or '0'), 0
  if ARGV[7] ~= '-1' and used > tonumber(ARGV[7]) then return 'day' end
  redis.call('HSET', day, 'used', used)
  redis.call('PEXPIRE', day, ARGV[8])
  for threshold in string.gmatch(ARGV[10], '[^,]+') do
    number = number + 1
    if used >= tonumber(threshold) and number > told then passed = number end
  end
  if passed > 0 then redis.call('HSET', day, 'told', passed) end
end
redis.call('HSET', key, 'taken', ARGV[5], 'turns', turns + 1, 'turns_of', known[4] or '0', 'turn_day', ARGV[6])
return passed
