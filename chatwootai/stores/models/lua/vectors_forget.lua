-- vectors_forget: embeddings are kept no more.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account, kind (documents, questions), digests
-- returns how many there were
local OVERHEAD = 220    -- as in vectors_keep
local account, kind, gone = ARGV[1], ARGV[2], 0
for at = 3, #ARGV do
  local size = redis.call('HSTRLEN', 'cw:vector:' .. account, ARGV[at])
  redis.call('ZREM', 'cw:vectors:' .. kind, account .. ':' .. ARGV[at])
  if size > 0 then
    redis.call('HDEL', 'cw:vector:' .. account, ARGV[at])
    redis.call('HINCRBY', 'cw:vectors:bytes', kind, 0 - size - OVERHEAD)
    gone = gone + 1
  end
end
return gone
