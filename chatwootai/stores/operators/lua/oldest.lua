-- oldest: for how long the turn that waits longest in each lane has waited. Reads only.
-- KEYS 1 cw:{all}
-- ARGV most
--   most: jobs of a lane to look at, the best ranked of each account: a job behind those has hardly waited longer, since
--   waiting itself raises a job's rank
-- returns {ms in the high lane, ms in the normal lane}; 0 where nobody waits
local most, found = tonumber(ARGV[1]), {}
for _, lane in ipairs({ 'high', 'normal' }) do
  local accounts = redis.call('ZRANGE', 'cw:tenants:' .. lane, 0, most - 1)
  local each, since = math.floor(most / math.max(1, #accounts)), math.huge
  for _, account in ipairs(accounts) do
    local jobs = redis.call('ZRANGE', 'cw:ready:' .. lane .. ':' .. account, 0, each - 1, 'WITHSCORES')
    for i = 1, #jobs, 2 do
      local boost = tonumber(redis.call('HGET', 'cw:job:' .. jobs[i], 'boost') or '0')
      since = math.min(since, jobs[i + 1] + boost)
    end
  end
  found[#found + 1] = since == math.huge and 0 or math.max(0, math.floor(now_ms() - since))
end
return found
