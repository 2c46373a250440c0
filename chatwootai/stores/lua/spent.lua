-- spent: what an account of spending holds. Reads only.
-- ARGV key after cw:spent:
-- returns the amount
return tonumber(redis.call('HGET', 'cw:spent:' .. ARGV[1], 'used') or '0')
