-- census: pages of waiting jobs, counted by priority. Reads only.
-- KEYS 1 cw:{all}
-- ARGV a sorted set of jobs, first, last; and again
-- returns {the moment ms since which the first of them is ready (0: none), boost, jobs, ...}
local counts, first = {}, math.huge
for i = 1, #ARGV, 3 do
  local page = redis.call('ZRANGE', ARGV[i], ARGV[i + 1], ARGV[i + 2], 'WITHSCORES')
  for j = 1, #page, 2 do
    local boost = redis.call('HGET', 'cw:job:' .. page[j], 'boost') or '0'
    counts[boost] = (counts[boost] or 0) + 1
    first = math.min(first, page[j + 1] + boost)
  end
end
local found = { first == math.huge and 0 or math.floor(first) }
for boost, jobs in pairs(counts) do
  found[#found + 1] = boost
  found[#found + 1] = jobs
end
return found
