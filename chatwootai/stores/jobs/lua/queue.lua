-- queue.lua: what the scripts share. Prepended to each of them; keys are described in keys.py.
--
-- Lifetimes (KEPT_MS, LIFE_MS, PARKED_MS, LIMIT_MS) stand in keys.py; scripts.py writes them above this file.
--
-- Numbers: `0 - n`, never `-n`: Lua's -0 is sent as "-0" by Redis 7.0, and no command takes that. No number of 1e14 or
-- more is joined to a string with `..`, which would write 1e+14.
--
-- A job waits in three places at once: arq:queue (so that a stock arq worker can run it), its tenant's lane
-- cw:ready:<lane>:<account>, and, through that tenant, cw:tenants:<lane>. Its rank in a lane is the moment it became
-- ready minus a boost for its priority: so urgent ones overtake, and waiting itself raises a job until nothing newer can.
-- Tenants are ranked by the turns they have running, then by the rank of their best job: a tenant that floods
-- competes with its own turns first.
local RUNNING_STEP = 1e13   -- larger than any rank, so that the count of running turns decides first
local RUNNING_MOST = 800    -- keeps the sum exact in a double (below 2^53)
local WAKE_MOST = 64
local WORKERS_WOKEN = 8     -- as an account goes on: the others look within a second anyway
local LIFE_MOST = 200
local LIFE_SLACK = 20       -- trimmed only now and then: mostly a step costs one command
local KEPT_MOST = 20
local CONTACT_MOST = 500    -- conversations known of one contact, the newest

local clock
local function time()
  clock = clock or redis.call('TIME')  -- asked once: it stands still while a script runs
  return clock
end

-- For how many ms a kind of what an account leaves is kept: as its tenant says, at most so long.
local function kept_ms(account, kind, most)
  local said = redis.call('HGET', 'cw:retention:' .. account, kind)
  return said and math.min(tonumber(said), tonumber(most)) or most
end

local function now_ms()
  return time()[1] * 1000 + math.floor(time()[2] / 1000)
end

-- With microseconds as a fraction: a rank must tell apart what came in one millisecond.
local function now_exact()
  return time()[1] * 1000 + time()[2] / 1000
end

-- Whether memory is nearly used up, as a worker saw a moment ago: what is only kept for people who ask is not, then.
local known_full
local function full()
  if known_full == nil then known_full = redis.call('EXISTS', 'cw:full') == 1 end
  return known_full
end

-- An account that is moved to another shard has a mark here: 'left <shard>' where it was, 'arriving <shard>' where it is
-- being copied to, 'arrived <shard>' there until its turns begin. No turn of it starts under any of them.
local function is_moving(account)
  return redis.call('EXISTS', 'cw:moved:' .. account) == 1
end

-- An account that people have paused: what comes is taken, and waits in its lanes until then.
local function is_paused(account)
  local ends = redis.call('ZSCORE', 'cw:paused', account)
  return ends and tonumber(ends) > now_ms()
end

-- The error for who would write into an account that is not here; nil where it is. A copy that is whole takes messages.
local function elsewhere(account)
  local mark = redis.call('GET', 'cw:moved:' .. account)
  if mark and string.sub(mark, 1, 8) ~= 'arrived ' then return redis.error_reply('ACCOUNT_MOVED ' .. mark) end
end

local function account_of(conv)
  return string.match(conv, '^(.*):%d+$') or ''
end

-- One step in the life of a conversation, for whoever asks why. Ids and counts as tab-separated k=v, never anyone's words.
local function life(conv, step, detail)
  if full() then return end
  local key = 'cw:life:' .. conv
  local now = time()
  local count = redis.call('RPUSH', key, now[1] .. ' ' .. now[2] .. '\t' .. step .. '\t' .. detail)
  if count == 1 then  -- and again whenever a turn begins
    redis.call('PEXPIRE', key, kept_ms(account_of(conv), 'turns', LIFE_MS))
  end
  if count > LIFE_MOST + LIFE_SLACK then redis.call('LTRIM', key, -LIFE_MOST, -1) end
end

-- Messages leave the mailbox, answered or given up. A few are kept for a day, so that an operator can have them answered
-- again; none while memory is short.
local function take_out(conv, account, messages)
  local box, kept, gone = 'cw:box:' .. conv, 'cw:kept:' .. conv, 0
  for _, message in ipairs(messages) do
    local entry = redis.call('ZRANGEBYSCORE', box, message, message)[1]
    if entry then
      gone = gone + redis.call('ZREMRANGEBYSCORE', box, message, message)
      redis.call('ZREMRANGEBYSCORE', kept, message, message)
      if not full() then redis.call('ZADD', kept, message, entry) end
    end
  end
  if gone == 0 then return 0 end
  redis.call('ZREMRANGEBYRANK', kept, 0, -KEPT_MOST - 1)
  redis.call('PEXPIRE', kept, kept_ms(account, 'messages', KEPT_MS))
  if redis.call('HINCRBY', 'cw:waiting', account, 0 - gone) <= 0 then redis.call('HDEL', 'cw:waiting', account) end
  return gone
end

-- What was said (ARGV from `first` to `last`) is remembered, the newest `most` entries; nothing where that is 0.
local function remember(conv, first, last, most, keep_ms)
  local key = 'cw:context:' .. conv
  if most == 0 then redis.call('DEL', key) return end
  for i = first, last do redis.call('RPUSH', key, ARGV[i]) end
  redis.call('LTRIM', key, 0 - most, -1)
  redis.call('PEXPIRE', key, keep_ms)
end

-- What an outbox entry does, without what it says.
local function described(entry)
  local known, action = pcall(cjson.decode, entry)
  if not known or type(action) ~= 'table' then return 'kind=unreadable' end
  return 'kind=' .. tostring(action.kind) .. '\tturn=' .. tostring(action.turn) .. '\tpart=' .. tostring(action.part)
end

local function reindex(lane, account)
  local head = redis.call('ZRANGE', 'cw:ready:' .. lane .. ':' .. account, 0, 0, 'WITHSCORES')
  if head[1] then
    local running = tonumber(redis.call('HGET', 'cw:running', account) or '0')
    local rank = math.min(running, RUNNING_MOST) * RUNNING_STEP + tonumber(head[2])
    redis.call('ZADD', 'cw:tenants:' .. lane, rank, account)
  else
    redis.call('ZREM', 'cw:tenants:' .. lane, account)
  end
end

local function wake()
  if redis.call('LPUSH', 'cw:wake', '1') > WAKE_MOST then redis.call('LTRIM', 'cw:wake', 0, WAKE_MOST - 1) end
end

local function make_ready(job, account, lane, rank)
  redis.call('HSET', 'cw:job:' .. job, 'rank', rank)
  redis.call('ZADD', 'arq:queue', rank, job)
  redis.call('ZADD', 'cw:ready:' .. lane .. ':' .. account, rank, job)
  reindex(lane, account)
  wake()
end

-- A pause is over: what waits in the account's lanes may run.
local function end_pause(account)
  redis.call('ZREM', 'cw:paused', account)
  redis.call('HDEL', 'cw:paused:about', account)
  for _, lane in ipairs({'high', 'normal'}) do
    reindex(lane, account)
    for _ = 1, math.min(WORKERS_WOKEN, redis.call('ZCARD', 'cw:ready:' .. lane .. ':' .. account)) do wake() end
  end
end

-- A new job, ready now (due = 0) or later (due = ms).
local function enqueue(job, account, lane, boost, blob, keep_ms, due)
  redis.call('SET', 'arq:job:' .. job, blob, 'PX', keep_ms)
  redis.call('HSET', 'cw:job:' .. job, 'account', account, 'lane', lane, 'boost', boost)
  redis.call('PEXPIRE', 'cw:job:' .. job, keep_ms)
  if due > 0 then
    redis.call('ZADD', 'arq:queue', due, job)
    redis.call('ZADD', 'cw:scheduled', due, job)
    wake()
  else
    make_ready(job, account, lane, now_exact() - boost)
  end
end

-- A job leaves every place it may be in; nothing of it remains, not even where Redis has lost what was known of it.
local function forget_job(job)
  local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane')
  local account = meta[1] or string.match(job, '^turn:(.*):%d+:%d+$')
  redis.call('ZREM', 'arq:queue', job)
  redis.call('ZREM', 'cw:scheduled', job)
  redis.call('DEL', 'arq:job:' .. job, 'arq:retry:' .. job, 'cw:job:' .. job)
  local leased = redis.call('ZREM', 'cw:leases', job) == 1
  if account then
    for _, lane in ipairs(meta[2] and {meta[2]} or {'high', 'normal'}) do
      redis.call('ZREM', 'cw:ready:' .. lane .. ':' .. account, job)
    end
    if leased and redis.call('HINCRBY', 'cw:running', account, -1) <= 0 then redis.call('HDEL', 'cw:running', account) end
    reindex('high', account)
    reindex('normal', account)
  end
  redis.call('HDEL', 'cw:owners', job)
end

-- A conversation is done with a job. Whoever holds its lease retires it; a stock worker has none, and pops nothing:
-- without us its place in the lane would stay for ever.
local function leave(job)
  if job and not redis.call('ZSCORE', 'cw:leases', job) then forget_job(job) end
end

-- A run was lost with its worker, or with its lease under a loop that stood still: a try, and counted by itself too.
local function count_lost(key)
  redis.call('HINCRBY', key, 'tries', 1)
  redis.call('HINCRBY', key, 'lost', 1)
end

-- The run of a held account's job was lost with its worker: the job waits again, and who ran it may write no more.
local function end_lost_run(job)
  local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane', 'rank')
  local conv = string.match(job, '^turn:(.*):%d+$')
  if not meta[1] or not conv then forget_job(job) return end
  redis.call('ZREM', 'cw:leases', job)
  redis.call('HDEL', 'cw:owners', job)
  if redis.call('HINCRBY', 'cw:running', meta[1], -1) <= 0 then redis.call('HDEL', 'cw:running', meta[1]) end
  local key = 'cw:conv:' .. conv
  redis.call('HINCRBY', key, 'fence', 1)
  redis.call('HDEL', key, 'worker')
  count_lost(key)
  make_ready(job, meta[1], meta[2], tonumber(meta[3]))
end

-- The next turn of a conversation: a fresh job id each time, so that no late run of an older job can pass for it.
local function next_turn(conv, due)
  local key = 'cw:conv:' .. conv
  leave(redis.call('HGET', key, 'job'))
  local turn = redis.call('HINCRBY', key, 'turn', 1)
  local meta = redis.call('HMGET', key, 'account', 'lane', 'boost', 'blob', 'keep')
  local job = 'turn:' .. conv .. ':' .. turn
  redis.call('HSET', key, 'job', job)
  redis.call('HDEL', key, 'worker')
  redis.call('ZADD', 'cw:open', now_ms(), conv)
  enqueue(job, meta[1], meta[2], tonumber(meta[3]), meta[4], tonumber(meta[5]), due)
  return job
end

-- What a worker should hear; `at` is when it happened, in ms.
local function tell(worker, conv, word, at)
  redis.call('PUBLISH', 'cw:signals:' .. worker, word .. ' ' .. conv .. (at and ' ' .. at or ''))
end

local function signal_worker(conv, word, at)
  local worker = redis.call('HGET', 'cw:conv:' .. conv, 'worker')
  if worker then tell(worker, conv, word, at) end
  return worker and 1 or 0
end

-- Whatever happens in a conversation, what was to happen if nothing did is off.
local function call_off(conv)
  redis.call('ZREM', 'cw:timers', conv)
  redis.call('HDEL', 'cw:conv:' .. conv, 'idle', 'next', 'next_ms')
end

-- A mailbox has grown by so many messages: its turn is called, or who runs it is told. meta: as next_turn reads it.
local function call_turn(conv, by, meta, keep_ms)
  call_off(conv)
  local key = 'cw:conv:' .. conv
  redis.call('HINCRBY', key, 'sequence', by)
  redis.call('HSET', key, unpack(meta))
  redis.call('PEXPIRE', key, keep_ms)
  local held = redis.call('HMGET', key, 'job', 'worker')
  if not held[1] then
    next_turn(conv, 0)
  elseif held[2] then
    tell(held[2], conv, 'message')
  end
end

-- What stands for a contact (kind 'contact', by id) or a conversation (kind 'conv', by display id) that was erased.
local function erased_mark(account, kind, id)
  local secret = redis.call('GET', 'cw:erased:' .. account .. ':secret') or redis.call('GET', 'cw:erased')
  return redis.sha1hex((secret or '') .. ':' .. kind .. ':' .. id)
end

-- Whether a contact was erased after this was written (ms): then it counts as admitted. `given`: the ARGV of admit.
-- Chatwoot tells the second alone in which a message was written: one of the erasure's own second is admitted.
local function was_erased(given)
  local key = 'cw:erased:' .. given[2]
  if redis.call('EXISTS', key) == 0 then return false end
  local at = redis.call('ZSCORE', key, erased_mark(given[2], 'contact', given[14]))
  return at and tonumber(given[15]) < tonumber(at) - tonumber(at) % 1000
end

-- The conversation is one of this contact's. `given`: the ARGV of admit.
local function note_contact(given)
  if given[14] == '0' then return end
  local key = 'cw:contact:' .. given[2] .. ':' .. given[14]
  if redis.call('ZADD', key, now_ms(), string.match(given[1], '%d+$')) == 1 then
    redis.call('ZREMRANGEBYRANK', key, 0, -CONTACT_MOST - 1)
  end
  redis.call('PEXPIRE', key, CONTACT_MS)
end

-- A message is admitted: in its mailbox, counted, never admitted again, and its turn is called. given: the ARGV of admit.
local function take_in(given, seen, seen_delivery)
  local conv, account, message = given[1], given[2], given[3]
  note_contact(given)
  redis.call('SET', seen, '1', 'PX', given[10])
  if seen_delivery then redis.call('SET', seen_delivery, conv .. ' ' .. message, 'PX', given[11]) end
  redis.call('ZADD', 'cw:box:' .. conv, message, given[4])
  redis.call('HINCRBY', 'cw:waiting', account, 1)
  redis.call('HSET', 'cw:arrived', account, now_ms())
  life(conv, 'admitted', 'message=' .. message .. '\tdelivery=' .. given[5] .. '\tlane=' .. given[6])
  local meta = { 'account', account, 'lane', given[6], 'boost', given[7], 'blob', given[8], 'keep', given[9] }
  call_turn(conv, 1, meta, given[13])
end

-- A run that lives has not been lost at the conversation's words, wherever it stopped.
local function not_reading(key)
  if redis.call('HGET', key, 'reading') == '1' then redis.call('HDEL', key, 'reading') end
end

-- Does this job, at this fence, still hold the conversation? fence 0: the job alone decides.
local function holds(conv, job, fence)
  local held = redis.call('HMGET', 'cw:conv:' .. conv, 'job', 'fence')
  return held[1] == job and (fence == 0 or tonumber(held[2] or '0') == fence)
end

