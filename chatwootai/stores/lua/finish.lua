-- finish: the job has done what there was. Anything left gets the next turn, else the conversation rests.
-- ARGV 1 conv, 2 job, 3 fence, 4 state keep ms
-- returns 'stale', 'next' or 'idle'
local conv = ARGV[1]
if not holds(conv, ARGV[2], tonumber(ARGV[3])) then return 'stale' end
if redis.call('EXISTS', 'cw:box:' .. conv, 'cw:outbox:' .. conv) > 0 then
  next_turn(conv, 0)
  life(conv, 'next', '')
  return 'next'
end
leave(ARGV[2])
redis.call('HDEL', 'cw:conv:' .. conv, 'job', 'worker', 'tries', 'blob')
redis.call('ZREM', 'cw:open', conv)
life(conv, 'rests', '')
redis.call('PEXPIRE', 'cw:conv:' .. conv, ARGV[4])
return 'idle'
