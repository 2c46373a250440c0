-- reading: a run that follows a lost one works on the conversation's words now, or has done so and lives.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence begins
--   begins: '1' as it begins, '0' when it is done
-- returns 'stale' or 'ok'
if not holds(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return 'stale' end
if ARGV[4] == '1' then
  redis.call('HSET', 'cw:conv:' .. ARGV[1], 'reading', '1')
else
  redis.call('HDEL', 'cw:conv:' .. ARGV[1], 'reading')
end
return 'ok'
