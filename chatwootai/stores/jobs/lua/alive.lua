-- alive: a worker lives.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV worker keep_ms
-- returns 1
redis.call('SET', 'cw:worker:' .. ARGV[1], '1', 'PX', ARGV[2])
return 1
