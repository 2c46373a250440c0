-- health: arq's own sign of life, which `arq --check` reads.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV 1 key, 2 for so many ms, 3 what it says
-- returns 1
redis.call('SET', ARGV[1], ARGV[3], 'PX', ARGV[2])
return 1
