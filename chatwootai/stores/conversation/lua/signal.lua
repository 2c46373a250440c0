-- signal: a word to the worker that holds this conversation's turn; 'resolved' also starts the context anew.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv word at_ms state_ms
-- returns 1 if a worker was told, else 0
local moved = elsewhere(account_of(ARGV[1]))
if moved then return moved end
local key = 'cw:conv:' .. ARGV[1]
if ARGV[2] == 'resolved' then
  -- The mark outlives the list: an exchange committed late, but said before, must not come back.
  local closed = tonumber(redis.call('HGET', key, 'closed') or '0')
  redis.call('HSET', key, 'closed', math.max(closed, tonumber(ARGV[3])))
  redis.call('PEXPIRE', key, ARGV[4])
end
if ARGV[2] ~= 'typing' then call_off(ARGV[1]) end
local told = signal_worker(ARGV[1], ARGV[2], ARGV[3])
if told == 1 or (ARGV[2] == 'resolved' and redis.call('EXISTS', 'cw:life:' .. ARGV[1]) == 1) then
  life(ARGV[1], ARGV[2], 'told=' .. told)
end
return told
