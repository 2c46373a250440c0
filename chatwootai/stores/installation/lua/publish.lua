-- publish: put a configuration in force as the newest version, keep the newest `kept`, and tell everybody. A canary ends with it.
-- KEYS 1 cw:{all}
-- ARGV digest packed about now_ms kept again base
--   about: JSON without version; again: "1" to publish what is in force already once more (a rollback to the same
--   content is none); base: the version that it follows, 0 for none; "" for any
-- returns {version, 1 if it is new}; {0, 0} where another version than base is in force
if ARGV[7] ~= "" and (redis.call("HGET", "cw:config:current", "version") or "0") ~= ARGV[7] then return { 0, 0 } end
local current = redis.call("HGET", "cw:config:current", "digest")
if current == ARGV[1] and ARGV[6] ~= "1" then
  return { tonumber(redis.call("HGET", "cw:config:current", "version")), 0 }
end
local version = redis.call("INCR", "cw:config:counter")
redis.call("HSET", "cw:config:current", "version", version, "digest", ARGV[1])
redis.call("SET", "cw:config:version:" .. version, ARGV[2])
redis.call("ZADD", "cw:config:versions", version, version)
redis.call("HSET", "cw:config:about", version, ARGV[3])
local old = redis.call("ZRANGE", "cw:config:versions", 0, 0 - (tonumber(ARGV[5]) + 1))
for _, gone in ipairs(old) do
  redis.call("ZREM", "cw:config:versions", gone)
  redis.call("DEL", "cw:config:version:" .. gone)
  redis.call("HDEL", "cw:config:about", gone)
end
local canary = redis.call("HMGET", "cw:config:canary", "digest", "over", "version")
if canary[3] then redis.call("HDEL", "cw:incidents", "canary||" .. canary[3]) end
if canary[1] and not canary[2] then  -- what it was compared with is no more
  local about = cjson.decode(ARGV[3])
  local result = canary[1] == ARGV[1] and "promoted" or "replaced"
  redis.call("HSET", "cw:config:canary", "over",
    cjson.encode({ at = about.at, by = about.by, result = result, why = "version " .. version .. ": " .. about.why }))
end
redis.call("PUBLISH", "cw:config:told", version .. " " .. ARGV[1])
return { version, 1 }
