-- begin: a job starts to work on its conversation. A new fence: whoever began before may write nothing any more.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job worker lost
--   lost: 1 if the job's earlier run was lost with its worker (counts as a try), else 0
-- returns false if this job is not the conversation's, else
--   {fence, sequence, tries, closed ms, mailbox entries, outbox entries, context entries,
--    a teammate's wish or '', what is due in the silence or '', when the first outbox entry was first posted in ms or 0,
--    runs of these messages that were lost, 1 if they must not be read again else 0,
--    the burst's name or '', what tools did for it: fields and calls in turn}
local conv = ARGV[1]
if not holds(conv, ARGV[2], 0) then return false end
local owner = redis.call('HGET', 'cw:owners', ARGV[2])
if owner and owner ~= ARGV[3] then return false end  -- it slept past its lease: another has the job now
local account = account_of(conv)
if not owner and (is_moving(account) or is_paused(account)) then return false end  -- a stock worker's, which takes what no lane gives it
local key = 'cw:conv:' .. conv
local fence = redis.call('HINCRBY', key, 'fence', 1)
if ARGV[4] == '1' then count_lost(key) end
-- A message whose reading never ends takes every worker that reads it. After a first loss, for whatever reason, a run
-- says when it is at the words (reading.lua). The cases that meet here:
--   lost once: killed, frozen or blocked, nobody knows. It is run again as ever, and says when it reads.
--   lost again while it read: the words are what both were lost at. They are never read again: 'never', until a commit.
--   lost again, but not while it read: others blocked that worker, or it was killed. Run again as ever, and tries count.
--   given back by a worker that stops, or failed with an error: it lives, so no loss; release and again forget the mark.
--   the loop came back before another took the lease: reading.lua clears the mark, and the run goes on.
local lost = tonumber(redis.call('HGET', key, 'lost') or '0')
local reading = redis.call('HGET', key, 'reading')
if reading == '1' and lost >= 2 then
  reading = 'never'
  redis.call('HSET', key, 'reading', reading)
elseif reading == '1' then
  redis.call('HDEL', key, 'reading')
end
redis.call('HSET', key, 'worker', ARGV[3], 'began', now_ms())
redis.call('ZADD', 'cw:open', now_ms(), conv)
local known = redis.call('HMGET', key, 'sequence', 'tries', 'closed', 'wish', 'idle', 'posting_at')
life(conv, 'began', 'job=' .. ARGV[2] .. '\tworker=' .. ARGV[3] .. '\tfence=' .. fence .. '\tlost=' .. ARGV[4] .. '\ttries=' .. (known[2] or '0') .. (ARGV[4] == '1' and '\tcause=its worker was gone' or '') .. (reading == 'never' and '\tunread=1' or ''))
redis.call('PEXPIRE', 'cw:life:' .. conv, kept_ms(account_of(conv), 'turns', LIFE_MS))
-- A burst is named for its first message, and keeps the name until it is answered, whatever comes or is taken back.
local first = redis.call('ZRANGE', 'cw:box:' .. conv, 0, 0, 'WITHSCORES')[2]
if first then redis.call('HSETNX', key, 'burst', first) end
local burst = redis.call('HGET', key, 'burst') or ''
return {
  fence, tonumber(known[1] or '0'), tonumber(known[2] or '0'), tonumber(known[3] or '0'),
  redis.call('ZRANGE', 'cw:box:' .. conv, 0, -1),
  redis.call('LRANGE', 'cw:outbox:' .. conv, 0, -1),
  redis.call('LRANGE', 'cw:context:' .. conv, 0, -1),
  known[4] or '', known[5] or '', tonumber(known[6] or '0'), lost, reading == 'never' and 1 or 0,
  burst, burst ~= '' and redis.call('HGETALL', 'cw:calls:' .. conv .. ':' .. burst) or {},
}
