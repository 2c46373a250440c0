-- wake: a token is given back that was meant for a worker with a free slot.
-- runs in a full Redis
-- KEYS 1 cw:{all}
-- ARGV none
-- returns 1
wake()
return 1
