-- sent: the first entry of the outbox has arrived (1), or was surely not stored and may be posted again (0).
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence entry arrived
--   arrived: '1', or '0' if it was surely not stored
-- returns 'stale' or 'ok'
if not holds(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return 'stale' end
if redis.call('LINDEX', 'cw:outbox:' .. ARGV[1], 0) == ARGV[4] then
  if ARGV[5] == '1' then redis.call('LPOP', 'cw:outbox:' .. ARGV[1]) end
  redis.call('HDEL', 'cw:conv:' .. ARGV[1], 'posting', 'posting_at')
  life(ARGV[1], ARGV[5] == '1' and 'sent' or 'not_sent', described(ARGV[4]))
end
return 'ok'
