-- commit: what was decided goes into the outbox and what it answers leaves the mailbox, in one step.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence sequence force turn context_entries context_ms dead dead_ms messages actions exchanges
-- ARGV idle_note idle_ms applied_status left outcome cause entries...
--   sequence: up to which the turn has read; force: '1' to commit though newer messages came; context_entries: most of
--   them; dead: a dead letter or ''; messages, actions, exchanges: how many of each stand in entries, in this order
--   (messages as ids); idle_note: what to do if nothing happens for idle_ms, or ''; applied_status: what a teammate asked
--   for and the actions set, or ''; left: '1' where people have the messages and nobody has answered: handed back, they
--   are admitted again; outcome, cause: for the conversation's life, each or ''
-- returns 'stale' (another holds the conversation), 'grown' (newer messages: run again), else 'committed'
local conv, key = ARGV[1], 'cw:conv:' .. ARGV[1]
if not holds(conv, ARGV[2], tonumber(ARGV[3])) then return 'stale' end
local known = redis.call('HMGET', key, 'sequence', 'committed', 'account')
if known[2] == ARGV[6] then return 'committed' end  -- sent twice over a broken connection
if (known[1] or '0') ~= ARGV[4] and ARGV[5] ~= '1' then
  life(conv, 'grown', 'turn=' .. ARGV[6])
  return 'grown'
end

local messages, entries, said = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local at = 19
local answered = {}
for i = at + 1, at + messages do answered[#answered + 1] = ARGV[i] end
take_out(conv, known[3], answered)
if ARGV[17] == '1' then
  for _, message in ipairs(answered) do redis.call('DEL', 'cw:seen:m:' .. conv .. ':' .. message) end
end
at = at + messages
for i = at + 1, at + entries do redis.call('RPUSH', 'cw:outbox:' .. conv, ARGV[i]) end
at = at + entries
if said > 0 then
  remember(conv, at + 1, at + said, tonumber(ARGV[7]), ARGV[8])
  redis.call('HSET', key, 'said', redis.sha1hex(ARGV[at + said]))  -- what the contact will have read, if it is posted
end
if ARGV[9] ~= '' then
  redis.call('SET', 'cw:dead:' .. ARGV[6], ARGV[9], 'PX', kept_ms(account_of(conv), 'dead_letters', ARGV[10]))
  redis.call('ZADD', 'cw:dead', now_ms(), ARGV[6])
  redis.call('ZREMRANGEBYSCORE', 'cw:dead', '-inf', now_ms() - tonumber(ARGV[10]))
end
redis.call('HSET', key, 'committed', ARGV[6])
redis.call('HDEL', key, 'tries', 'burst', 'lost', 'reading', 'idle', 'next', 'next_ms')
if ARGV[14] ~= '' then redis.call('HSET', key, 'next', ARGV[14], 'next_ms', ARGV[15]) end
if ARGV[16] ~= '' and redis.call('HGET', key, 'wish') == ARGV[16] then redis.call('HDEL', key, 'wish') end
local became = (ARGV[18] ~= '' and '\toutcome=' .. ARGV[18] or '') .. (ARGV[19] ~= '' and '\tcause=' .. ARGV[19] or '')
life(conv, 'committed', 'turn=' .. ARGV[6] .. '\tmessages=' .. table.concat(answered, ',') .. '\tactions=' .. entries .. '\tdead=' .. (ARGV[9] ~= '' and 1 or 0) .. became)
return 'committed'
