-- replace: the first entry of the outbox cannot or must not be posted. Others may take its place; a dead letter may tell.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the conv in ARGV 1
-- ARGV conv job fence entry drop_turn turn dead dead_ms cause instead...
--   drop_turn: '1' to drop the rest of its turn too; dead: a dead letter or ''; cause: why, for people; instead: entries
--   that take its place, in order
-- A reply of which nothing was posted is not remembered as said, nor one for which a template asks the contact to write.
-- returns 'stale' or 'ok'
local conv, key = ARGV[1], 'cw:outbox:' .. ARGV[1]
if not holds(conv, ARGV[2], tonumber(ARGV[3])) then return 'stale' end
if redis.call('LINDEX', key, 0) ~= ARGV[4] then return 'ok' end
redis.call('LPOP', key)
redis.call('HDEL', 'cw:conv:' .. conv, 'posting', 'posting_at')
life(conv, 'dropped', described(ARGV[4]) .. '\tdead=' .. (ARGV[7] ~= '' and 1 or 0) .. '\tcause=' .. ARGV[9])
if ARGV[5] == '1' then
  for _, entry in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local known, action = pcall(cjson.decode, entry)
    if known and action.turn == ARGV[6] then redis.call('LREM', key, 1, entry) end
  end
end
local known, action = pcall(cjson.decode, ARGV[4])
local held = redis.call('HMGET', 'cw:conv:' .. conv, 'committed', 'said')
if held[2] and held[1] == ARGV[6] and known and action.kind == 'reply' and action.part <= 1 then
  for _, said in ipairs(redis.call('LRANGE', 'cw:context:' .. conv, 0, -1)) do
    local whole, one = pcall(cjson.decode, said)
    if redis.sha1hex(said) == held[2] and whole and one[1] == 'crew' then redis.call('LREM', 'cw:context:' .. conv, 1, said) end
  end
  -- People have it now, and nobody has answered: handed back, the message is admitted again.
  if ARGV[5] == '1' and not action.alone and action.after then
    redis.call('DEL', 'cw:seen:m:' .. conv .. ':' .. string.format('%.0f', action.after))
  end
end
for i = #ARGV, 10, -1 do redis.call('LPUSH', key, ARGV[i]) end
if ARGV[7] ~= '' then
  redis.call('SET', 'cw:dead:' .. ARGV[6], ARGV[7], 'PX', kept_ms(account_of(conv), 'dead_letters', ARGV[8]))
  redis.call('ZADD', 'cw:dead', now_ms(), ARGV[6])
end
return 'ok'
