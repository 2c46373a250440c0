-- tenants: who waits in a lane, a page of them, the least served first.
-- KEYS 1 cw:{all}
-- ARGV 1 lane, 2 first, 3 last
-- returns {account, jobs, ...}
local found = {}
for _, account in ipairs(redis.call('ZRANGE', 'cw:tenants:' .. ARGV[1], ARGV[2], ARGV[3])) do
  found[#found + 1] = account
  found[#found + 1] = redis.call('ZCARD', 'cw:ready:' .. ARGV[1] .. ':' .. account)
end
return found
