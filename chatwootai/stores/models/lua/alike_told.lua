-- alike_told: what became of a question that another's answer would have served, or did.
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account, group, verdict, ms saved, tokens saved, row for people to look at ('': none), most rows, lifetime ms
-- returns how often that verdict was given
local key = 'cw:shadow:' .. ARGV[1]
redis.call('HINCRBY', key, ARGV[2] .. ':ms', ARGV[4])
redis.call('HINCRBY', key, ARGV[2] .. ':tokens', ARGV[5])
redis.call('PEXPIRE', key, ARGV[8])
if ARGV[6] ~= '' then
  local rows = 'cw:shadow:' .. ARGV[1] .. ':rows'
  redis.call('LPUSH', rows, ARGV[6])
  redis.call('LTRIM', rows, 0, ARGV[7] - 1)
  redis.call('PEXPIRE', rows, ARGV[8])
end
return redis.call('HINCRBY', key, ARGV[2] .. ':' .. ARGV[3], 1)
