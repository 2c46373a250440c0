-- mend: a model's endpoint answered.
-- KEYS 1 cw:{all}
-- ARGV target
-- returns 1 if something was held against it
redis.call('ZREM', 'cw:breakers', ARGV[1])
return redis.call('DEL', 'cw:breaker:' .. ARGV[1])
