-- turn_ended: a turn is over. Its record, its row in the index of its account and in that of all, its day's figures.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account turn record row day record_ms day_ms most_of_account most_of_all most_recent canary counts...
--   record: JSON; row: as ended_turn.py writes it; day: YYYY-MM-DD, the account's own; most_of_account, most_of_all:
--   rows kept of one account, and of all accounts together; most_recent: rows in the index that has all accounts';
--   canary: version and side of a canary that the turn counts for, as 7:base, or nothing;
--   counts: a field of the day and what is added to it, in turn
-- returns how many rows are kept of all accounts
local account, stream, sizes = ARGV[1], 'cw:turns:' .. ARGV[1], 'cw:turns-kept:sizes'
local record_ms, now = kept_ms(account, 'turns', ARGV[6]), now_ms()
redis.call('SET', 'cw:turn:' .. ARGV[2], ARGV[3], 'PX', record_ms)
if redis.call('EXISTS', 'cw:full') == 1 then return 0 end
redis.call('XADD', 'cw:turns-recent', 'MAXLEN', '~', ARGV[10], '*', 't', ARGV[4])
redis.call('PEXPIRE', 'cw:turns-recent', ARGV[6])
redis.call('XADD', stream, 'MAXLEN', '~', ARGV[8], '*', 't', ARGV[4])
redis.call('XTRIM', stream, 'MINID', '~', now - tonumber(record_ms))
redis.call('PEXPIRE', stream, record_ms)

local function kept(whose, length)
  local before = tonumber(redis.call('ZSCORE', sizes, whose) or '0')
  if length > 0 then redis.call('ZADD', sizes, length, whose) else redis.call('ZREM', sizes, whose) end
  return redis.call('INCRBY', 'cw:turns-kept', length - before)
end
local total = kept(account, redis.call('XLEN', stream))
if total > tonumber(ARGV[9]) then  -- the longest index gives way: it is the one that lacks least
  local longest = redis.call('ZREVRANGE', sizes, 0, 0)[1]
  local length = redis.call('XLEN', 'cw:turns:' .. longest)
  redis.call('XTRIM', 'cw:turns:' .. longest, 'MAXLEN', math.floor(length * 0.9))
  total = kept(longest, redis.call('XLEN', 'cw:turns:' .. longest))
end

local sums = {
  ['cw:day:' .. account .. ':' .. ARGV[5]] = kept_ms(account, 'figures', ARGV[7]),
  ['cw:days:' .. ARGV[5]] = ARGV[7],
}
if ARGV[11] ~= '' then sums['cw:canary:' .. ARGV[11]] = ARGV[7] end
for sum, sum_ms in pairs(sums) do
  for at = 12, #ARGV, 2 do redis.call('HINCRBY', sum, ARGV[at], ARGV[at + 1]) end
  redis.call('PEXPIRE', sum, sum_ms)
end
return total
