-- drop: an operator gives up what a conversation still has to do: its job, its mailbox, its outbox. Messages are kept a
-- day, as those that were answered.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv state_ms by
-- returns {'running' | 'nothing' | 'dropped', messages, actions}
local conv, key = ARGV[1], 'cw:conv:' .. ARGV[1]
local moved = elsewhere(account_of(conv))
if moved then return moved end
local held = redis.call('HMGET', key, 'job', 'account')
local job = held[1]
if job and (redis.call('ZSCORE', 'cw:leases', job) or redis.call('EXISTS', 'arq:in-progress:' .. job) == 1) then
  return { 'running', 0, 0 }
end
local messages = redis.call('ZRANGE', 'cw:box:' .. conv, 0, -1, 'WITHSCORES')
local ids = {}
for i = 2, #messages, 2 do ids[#ids + 1] = messages[i] end
local actions = redis.call('LLEN', 'cw:outbox:' .. conv)
if not job and #ids + actions == 0 then return { 'nothing', 0, 0 } end
local account = held[2] or string.match(conv, '^(.*):%d+$')
take_out(conv, account, ids)
redis.call('DEL', 'cw:outbox:' .. conv)
if job then forget_job(job) end
call_off(conv)
redis.call('HDEL', key, 'job', 'worker', 'tries', 'burst', 'blob', 'posting', 'posting_at', 'wish')
redis.call('ZREM', 'cw:open', conv)
redis.call('PEXPIRE', key, ARGV[2])
life(conv, 'given_up', 'messages=' .. table.concat(ids, ',') .. '\tactions=' .. actions .. '\tby=' .. ARGV[3])
return { 'dropped', #ids, actions }
