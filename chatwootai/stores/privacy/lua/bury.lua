-- bury: a contact's past ends here. What was written before counts as admitted from now on, and what their
-- conversations still had to do is dropped with what was said in them. A conversation whose turn runs is left alone.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account contact at_ms proposed keep_ms conversations...
--   at_ms: '0' in the first call, which also tells running turns to end; then what that call returned; proposed: a
--   secret for digests, kept where there is none; conversations: display ids
-- returns {at_ms, conversations of which a turn runs...}
local account, first, at = ARGV[1], ARGV[3] == '0', tonumber(ARGV[3])
local moved = elsewhere(account)
if moved then return moved end
local key = 'cw:erased:' .. account
if first then at = now_ms() end
redis.call('SET', 'cw:erased', ARGV[4], 'NX')
redis.call('ZADD', key, at, erased_mark(account, 'contact', ARGV[2]))
redis.call('ZREMRANGEBYSCORE', key, '-inf', now_ms() - tonumber(ARGV[5]))
redis.call('PEXPIRE', key, ARGV[5])
redis.call('PEXPIRE', key .. ':secret', ARGV[5])

-- Messages that came after that moment stay, with the job that answers them: those that say so of when they were
-- written, or of when they were received, for Chatwoot tells the second alone in which a message was written.
local function drop_past(conv)
  local box, gone = 'cw:box:' .. conv, 0
  for _, entry in ipairs(redis.call('ZRANGE', box, 0, -1)) do
    local known, one = pcall(cjson.decode, entry)
    local written = known and type(one) == 'table' and type(one.message) == 'table' and tonumber(one.message.at)
    local latest = written and math.max(written, tonumber(one.received_at) or 0)
    if not latest or latest * 1000 <= at then gone = gone + redis.call('ZREM', box, entry) end
  end
  if gone > 0 and redis.call('HINCRBY', 'cw:waiting', account, 0 - gone) <= 0 then
    redis.call('HDEL', 'cw:waiting', account)
  end
end

local function bury(conv)
  local state = 'cw:conv:' .. conv
  local job = redis.call('HGET', state, 'job')
  local lease = job and redis.call('ZSCORE', 'cw:leases', job)
  if job and ((lease and tonumber(lease) > now_ms()) or redis.call('EXISTS', 'arq:in-progress:' .. job) == 1) then
    if first then signal_worker(conv, 'takeover', at) end
    return true
  end
  drop_past(conv)
  redis.call('DEL', 'cw:outbox:' .. conv, 'cw:context:' .. conv, 'cw:life:' .. conv, 'cw:kept:' .. conv)
  call_off(conv)
  if redis.call('EXISTS', 'cw:box:' .. conv) == 1 then return false end
  if job then
    forget_job(job)
    redis.call('ZREM', 'cw:parked:' .. account, job)
  end
  redis.call('ZREM', 'cw:open', conv)
  redis.call('DEL', state)
  return false
end

local running = { at }
for i = 6, #ARGV do
  if bury(account .. ':' .. ARGV[i]) then running[#running + 1] = ARGV[i] end
end
return running
