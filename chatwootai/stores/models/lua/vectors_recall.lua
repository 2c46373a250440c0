-- vectors_recall: the embeddings that were made of these texts before.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of ARGV 1
-- ARGV account, kind (documents, questions), ms after which one is too old, digests
-- returns one embedding for each digest, '' where there is none
local account, kind, now = ARGV[1], ARGV[2], now_ms()
local index, found = 'cw:vectors:' .. kind, {}
for at = 4, #ARGV do
  local one = account .. ':' .. ARGV[at]
  local since = redis.call('ZSCORE', index, one)
  local kept = since and now - tonumber(since) <= tonumber(ARGV[3]) and redis.call('HGET', 'cw:vector:' .. account, ARGV[at])
  if kept and kind == 'documents' then redis.call('ZADD', index, now, one) end
  found[#found + 1] = kept or ''
end
return found
