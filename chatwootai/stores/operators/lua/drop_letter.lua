-- drop_letter: an operator throws a dead letter away.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv turn by
-- returns 1 if it was there, else 0
redis.call('DEL', 'cw:dead:' .. ARGV[2])
if redis.call('ZREM', 'cw:dead', ARGV[2]) == 0 then return 0 end
life(ARGV[1], 'letter_dropped', 'letter=' .. ARGV[2] .. '\tby=' .. ARGV[3])
return 1
