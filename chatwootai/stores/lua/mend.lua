-- mend: a model's endpoint answered.
-- ARGV target
-- returns 1 if something was held against it
return redis.call('DEL', 'cw:breaker:' .. ARGV[1])
