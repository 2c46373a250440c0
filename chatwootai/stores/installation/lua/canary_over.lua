-- canary_over: end a canary, and tell everybody.
-- KEYS 1 cw:{all}
-- ARGV version over
--   over: JSON of when, by whom, with which result and why
-- returns 1 if it has ended now, 0 where it was over or another has begun
local known = redis.call("HMGET", "cw:config:canary", "version", "over")
if known[1] ~= ARGV[1] or known[2] then return 0 end
redis.call("HSET", "cw:config:canary", "over", ARGV[2])
redis.call("PUBLISH", "cw:config:told", ARGV[1])
return 1
