-- read: the mailbox again, for a turn that was told of a newer message.
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence
-- returns false if the turn no longer holds the conversation, else {sequence, mailbox entries}
if not holds(ARGV[1], ARGV[2], tonumber(ARGV[3])) then return false end
return {
  tonumber(redis.call('HGET', 'cw:conv:' .. ARGV[1], 'sequence') or '0'),
  redis.call('ZRANGE', 'cw:box:' .. ARGV[1], 0, -1),
}
