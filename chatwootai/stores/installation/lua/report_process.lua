-- report_process: a process lives, and says what it serves. Few and small; a full Redis must not make all look dead.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV 1 name, 2 what it says, JSON
-- returns nothing
redis.call('HSET', 'cw:processes', ARGV[1], ARGV[2])
