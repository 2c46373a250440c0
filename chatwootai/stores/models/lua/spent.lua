-- spent: what an account of spending holds. Reads only.
-- KEYS 1 cw:{account}, of ARGV 1 up to its first colon
-- ARGV key after cw:spent:
-- returns the amount
return tonumber(redis.call('HGET', 'cw:spent:' .. ARGV[1], 'used') or '0')
