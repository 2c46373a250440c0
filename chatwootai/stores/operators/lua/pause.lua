-- pause: no turn of an account starts until then, or until it is resumed; a later call moves the end.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account until_ms about
-- returns 1
redis.call('ZADD', 'cw:paused', ARGV[2], ARGV[1])
redis.call('HSET', 'cw:paused:about', ARGV[1], ARGV[3])
return 1
