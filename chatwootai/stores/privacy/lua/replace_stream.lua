-- replace_stream: a stream gives way to a copy that lacks some of its entries; what came meanwhile is added first.
-- Deleted entries of a stream stay in its bytes, and in those of the append-only file: only a copy is without them.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV stream copy last
--   last: id of the last entry that was looked at
-- returns how many entries there are now
for _, entry in ipairs(redis.call('XRANGE', ARGV[1], '(' .. ARGV[3], '+')) do
  redis.call('XADD', ARGV[2], entry[1], unpack(entry[2]))
end
local ttl = redis.call('PTTL', ARGV[1])
if redis.call('EXISTS', ARGV[2]) == 0 then
  redis.call('DEL', ARGV[1])
  return 0
end
redis.call('COPY', ARGV[2], ARGV[1], 'REPLACE')  -- RENAME is @dangerous, and our user may not
redis.call('DEL', ARGV[2])
if ttl > 0 then redis.call('PEXPIRE', ARGV[1], ttl) else redis.call('PERSIST', ARGV[1]) end
return redis.call('XLEN', ARGV[1])
