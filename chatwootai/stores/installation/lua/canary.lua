-- canary: keep a configuration as a version that is on trial beside the one in force, and tell everybody.
-- KEYS 1 cw:{all}
-- ARGV digest packed about base base_about terms kept
--   about, base_about: JSON of the new version and of the one in force, without version; base: number of the latter;
--   terms: JSON
-- returns its version; 0 where another version than base is in force, -1 where a canary runs already
if redis.call("HGET", "cw:config:current", "version") ~= ARGV[4] then return 0 end
local known = redis.call("HMGET", "cw:config:canary", "version", "over")
if known[1] and not known[2] then return -1 end
local version = redis.call("INCR", "cw:config:counter")
redis.call("SET", "cw:config:version:" .. version, ARGV[2])
redis.call("ZADD", "cw:config:versions", version, version)
redis.call("HSET", "cw:config:about", version, ARGV[3], ARGV[4], ARGV[5])
if known[1] then redis.call("HDEL", "cw:incidents", "canary||" .. known[1]) end
redis.call("DEL", "cw:config:canary")
redis.call("HSET", "cw:config:canary", "version", version, "base", ARGV[4], "digest", ARGV[1], "terms", ARGV[6])
local old = redis.call("ZRANGE", "cw:config:versions", 0, 0 - (tonumber(ARGV[7]) + 1))
for _, gone in ipairs(old) do
  if gone ~= ARGV[4] then  -- that one is in force, however many trials came after it
    redis.call("ZREM", "cw:config:versions", gone)
    redis.call("DEL", "cw:config:version:" .. gone)
    redis.call("HDEL", "cw:config:about", gone)
  end
end
redis.call("PUBLISH", "cw:config:told", version .. " " .. ARGV[1])
return version
