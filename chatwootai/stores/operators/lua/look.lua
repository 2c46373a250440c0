-- look: pages of jobs with what is known of each. Reads only.
-- KEYS 1 cw:{all}
-- ARGV a sorted set of jobs, first, last; and again
-- returns thirteen values a job: job, score, account, lane, boost, ready since ms, owner or '', messages, tries, began
--   ms, 1 if arq's own worker runs it, why it was put off or '', 1 if it waits until Chatwoot takes the account's token
local found = {}
for i = 1, #ARGV, 3 do
  local page = redis.call('ZRANGE', ARGV[i], ARGV[i + 1], ARGV[i + 2], 'WITHSCORES')
  for j = 1, #page, 2 do
    local job = page[j]
    local conv = string.match(job, '^turn:(.*):%d+$') or ''
    local meta = redis.call('HMGET', 'cw:job:' .. job, 'account', 'lane', 'boost', 'rank', 'cause')
    local state = redis.call('HMGET', 'cw:conv:' .. conv, 'tries', 'began', 'worker')
    local stock = redis.call('EXISTS', 'arq:in-progress:' .. job)
    local boost, at = meta[3] or '0', #found
    found[at + 1], found[at + 2], found[at + 3], found[at + 4] = job, page[j + 1], meta[1] or '', meta[2] or ''
    found[at + 5], found[at + 6] = boost, meta[4] and math.floor(meta[4] + boost) or 0
    found[at + 7] = redis.call('HGET', 'cw:owners', job) or (stock == 1 and state[3]) or ''
    found[at + 8], found[at + 9] = redis.call('ZCARD', 'cw:box:' .. conv), state[1] or '0'
    found[at + 10], found[at + 11] = state[2] or '0', stock
    found[at + 12] = meta[5] or ''
    found[at + 13] = meta[1] and redis.call('ZSCORE', 'cw:parked:' .. meta[1], job) and 1 or 0
  end
end
return found
