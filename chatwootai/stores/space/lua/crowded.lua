-- crowded: memory is nearly used up; scripts keep nothing that only tells people, for a while.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV 1 ms
-- returns 1
redis.call('SET', 'cw:full', '1', 'PX', ARGV[1])
return 1
