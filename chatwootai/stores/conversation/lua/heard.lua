-- heard: something was said that needs no turn. Known conversations remember it; a teammate's wish makes a turn of its own.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv message heard_ms exchange context_entries context_ms requested account lane boost_ms blob job_ms state_ms
--   exchange: a context entry or ''; requested: the status that a teammate asks for, or ''
-- returns 1, or 0 if it was heard before or nobody here knows the conversation
local conv, key = ARGV[1], 'cw:conv:' .. ARGV[1]
local moved = elsewhere(account_of(conv))
if moved then return moved end
if ARGV[7] == '' and redis.call('EXISTS', key) == 0 then return 0 end
if not redis.call('SET', 'cw:heard:' .. conv .. ':' .. ARGV[2], '1', 'NX', 'PX', ARGV[3]) then return 0 end
if ARGV[4] ~= '' then
  remember(conv, 4, 4, tonumber(ARGV[5]), ARGV[6])
end
if ARGV[7] ~= '' then
  call_off(conv)
  redis.call('HSET', key, 'wish', ARGV[7], 'account', ARGV[8], 'lane', ARGV[9], 'boost', ARGV[10], 'blob', ARGV[11], 'keep', ARGV[12])
  redis.call('PEXPIRE', key, ARGV[13])
  life(conv, 'wished', 'status=' .. ARGV[7] .. '\tmessage=' .. ARGV[2])
  if not redis.call('HGET', key, 'job') then next_turn(conv, 0) end
end
return 1
