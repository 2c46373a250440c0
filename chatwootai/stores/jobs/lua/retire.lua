-- retire: a job has returned; nothing of it remains.
-- runs in a full Redis
-- KEYS 1 cw:{account}, of the job in ARGV 2
-- ARGV worker job
-- returns 1, or 0 if it is no longer this worker's
if redis.call('HGET', 'cw:owners', ARGV[2]) ~= ARGV[1] then return 0 end
forget_job(ARGV[2])
return 1
