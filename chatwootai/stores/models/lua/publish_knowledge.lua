-- publish_knowledge: put a version of an account's knowledge in force, and keep the newest `kept`.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account version about kept token
--   about: what is known of it, JSON; token: of the ingest
-- returns 1; 0 where another ingest has taken over
local base = 'cw:knowledge:' .. ARGV[1]
if redis.call('GET', base .. ':ingest') ~= ARGV[5] then return 0 end
local function audiences(version)
  return { base .. ':' .. version .. ':customers', base .. ':' .. version .. ':team' }
end
for _, key in ipairs(audiences(ARGV[2])) do redis.call('PERSIST', key) end
redis.call('HSET', base, 'current', ARGV[2])
redis.call('ZADD', base .. ':versions', ARGV[2], ARGV[2])
redis.call('HSET', base .. ':about', ARGV[2], ARGV[3])
for _, old in ipairs(redis.call('ZRANGE', base .. ':versions', 0, -1 - tonumber(ARGV[4]))) do
  redis.call('ZREM', base .. ':versions', old)
  redis.call('HDEL', base .. ':about', old)
  for _, key in ipairs(audiences(old)) do redis.call('UNLINK', key) end
end
return 1
