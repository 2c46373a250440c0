-- release_lock: the right to catch up is given back; another may take it.
-- KEYS 1 cw:{all}
-- ARGV key who
-- returns 1, or 0 if it was another's
if redis.call('GET', ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('DEL', ARGV[1])
