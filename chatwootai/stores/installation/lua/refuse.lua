-- refuse: Chatwoot does not take an account's token. Whoever is told so first looks again; all others wait until it does.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account owner digest conv operation status words first_ms longest_ms keep_ms overdue_ms
--   owner: of the token; conv: or ''; status: HTTP; words: Chatwoot's; first_ms, longest_ms: rests before the next look;
--   overdue_ms: after which somebody else looks
-- returns {1 if it was taken until now else 0, ms until this conversation is to look again or -1 (it waits), since ms}
local name = ARGV[1] .. ':' .. ARGV[2]
local key, now = 'cw:refused:' .. name, now_ms()
local known = redis.call('HMGET', key, 'digest', 'conv', 'looks', 'until', 'since')
local looks, since, first = 0, now, 1
if known[1] == ARGV[3] then
  first, since = 0, tonumber(known[5])
  if known[2] ~= ARGV[4] and now < tonumber(known[4]) + tonumber(ARGV[11]) then return { 0, -1, since } end
  looks = tonumber(known[3]) + 1
end
local rest = math.min(tonumber(ARGV[9]), tonumber(ARGV[8]) * 2 ^ math.min(looks, 20))
redis.call('HSET', key, 'digest', ARGV[3], 'conv', ARGV[4], 'looks', looks, 'until', now + rest, 'since', since,
  'operation', ARGV[5], 'status', ARGV[6], 'words', ARGV[7])
redis.call('PEXPIRE', key, ARGV[10])
redis.call('SADD', 'cw:refused', name)
return { first, math.floor(rest), since }
