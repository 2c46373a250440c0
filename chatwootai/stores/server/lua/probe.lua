-- probe: does this Redis do for us what admitting a message takes? Writes, as that does: some only answer.
-- KEYS 1 cw:{all}
-- ARGV commands that must be allowed, each with its first arguments, joined by spaces
-- returns those that this user may not run, after which nothing is written ({} too where Redis cannot tell)
local refused = {}
local check = redis.acl_check_cmd
for _, asked in ipairs(check and ARGV or {}) do
  local words = {}
  for word in string.gmatch(asked, '%S+') do words[#words + 1] = word end
  local known, allowed = pcall(check, unpack(words))
  if known and not allowed then refused[#refused + 1] = words[1] .. ' ' .. (words[2] or '') end
end
if #refused > 0 then return refused end
redis.call('SET', 'cw:probe', '1', 'PX', 1000)
redis.call('EXISTS', 'arq:queue')
return refused
